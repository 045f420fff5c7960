// SPDX-License-Identifier: Apache-2.0
// Operators, arithmetic and comparison. Whole numbers are exact within 64 bits; what would leave them is an error.
#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "rego/builtins.h"

namespace rego {
namespace {

[[noreturn]] void too_large() { base::fail(base::Code::out_of_range, "a number becomes too large"); }

Value finite(double value) {
  if (!std::isfinite(value)) too_large();
  return Value(value);
}

using IntegerOperation = bool (*)(std::int64_t, std::int64_t, std::int64_t*);

Value arithmetic(Arguments args, IntegerOperation exact, double (*rough)(double, double)) {
  if (args[0].is_integer() && args[1].is_integer()) {
    std::int64_t result = 0;
    if (exact(args[0].integer(), args[1].integer(), &result)) too_large();
    return Value(result);
  }
  return finite(rough(args[0].number(), args[1].number()));
}

std::optional<Value> plus(BuiltinContext&, Arguments args) {
  return arithmetic(
      args, [](std::int64_t a, std::int64_t b, std::int64_t* sum) { return __builtin_add_overflow(a, b, sum); },
      [](double a, double b) { return a + b; });
}

/// Of numbers; and of sets, what the first has and the second has not.
std::optional<Value> minus(BuiltinContext& context, Arguments args) {
  if (args[0].is_number() && args[1].is_number()) {
    return arithmetic(
        args, [](std::int64_t a, std::int64_t b, std::int64_t* left) { return __builtin_sub_overflow(a, b, left); },
        [](double a, double b) { return a - b; });
  }
  if (!args[0].is_set() || !args[1].is_set()) return std::nullopt;
  context.budget.charge(args[0].count());
  Value::Set rest;
  for (const auto& item : args[0].set()) {
    if (!args[1].set().contains(item)) rest.insert(item);
  }
  return Value(std::move(rest));
}

std::optional<Value> multiply(BuiltinContext&, Arguments args) {
  return arithmetic(
      args, [](std::int64_t a, std::int64_t b, std::int64_t* product) { return __builtin_mul_overflow(a, b, product); },
      [](double a, double b) { return a * b; });
}

std::optional<Value> divide(BuiltinContext&, Arguments args) {
  if (args[1].number() == 0) return std::nullopt;
  if (args[0].is_integer() && args[1].is_integer() && args[1].integer() != -1 &&
      args[0].integer() % args[1].integer() == 0) {
    return Value(args[0].integer() / args[1].integer());
  }
  return finite(args[0].number() / args[1].number());
}

std::optional<Value> remainder(BuiltinContext&, Arguments args) {
  if (args[1].integer() == 0) return std::nullopt;
  return args[1].integer() == -1 ? Value(0) : Value(args[0].integer() % args[1].integer());
}

std::optional<Value> rounded(Arguments args, double (*round)(double)) {
  return args[0].is_integer() ? args[0] : finite(round(args[0].number()));
}
std::optional<Value> round_half_away(BuiltinContext&, Arguments args) { return rounded(args, std::round); }
std::optional<Value> round_up(BuiltinContext&, Arguments args) { return rounded(args, std::ceil); }
std::optional<Value> round_down(BuiltinContext&, Arguments args) { return rounded(args, std::floor); }

std::optional<Value> absolute(BuiltinContext&, Arguments args) {
  if (!args[0].is_integer()) return finite(std::fabs(args[0].number()));
  if (args[0].integer() == INT64_MIN) too_large();
  return Value(args[0].integer() < 0 ? -args[0].integer() : args[0].integer());
}

void charge_comparison(BuiltinContext& context, Arguments args) {
  context.budget.charge(std::min(args[0].weight(), args[1].weight()) / 16);
}
std::optional<Value> is_equal(BuiltinContext& context, Arguments args) {
  charge_comparison(context, args);
  return Value(args[0] == args[1]);
}
std::optional<Value> is_other(BuiltinContext& context, Arguments args) {
  charge_comparison(context, args);
  return Value(args[0] != args[1]);
}
std::optional<Value> is_less(BuiltinContext& context, Arguments args) {
  charge_comparison(context, args);
  return Value(args[0] < args[1]);
}
std::optional<Value> is_less_or_equal(BuiltinContext& context, Arguments args) {
  charge_comparison(context, args);
  return Value(args[0] <= args[1]);
}
std::optional<Value> is_greater(BuiltinContext& context, Arguments args) {
  charge_comparison(context, args);
  return Value(args[0] > args[1]);
}
std::optional<Value> is_greater_or_equal(BuiltinContext& context, Arguments args) {
  charge_comparison(context, args);
  return Value(args[0] >= args[1]);
}

std::optional<Value> range_by(BuiltinContext& context, std::int64_t from, std::int64_t to, std::int64_t step) {
  if (step <= 0) return std::nullopt;
  const std::uint64_t way = from <= to ? static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from)
                                       : static_cast<std::uint64_t>(from) - static_cast<std::uint64_t>(to);
  const std::uint64_t count = way / static_cast<std::uint64_t>(step);
  context.budget.charge(count);
  Value::Array numbers;
  for (std::uint64_t i = 0; i <= count; ++i) {
    const auto moved = static_cast<std::int64_t>(i * static_cast<std::uint64_t>(step));
    numbers.emplace_back(from <= to ? from + moved : from - moved);
  }
  return Value(std::move(numbers));
}
std::optional<Value> range(BuiltinContext& context, Arguments args) {
  return range_by(context, args[0].integer(), args[1].integer(), 1);
}
std::optional<Value> range_step(BuiltinContext& context, Arguments args) {
  return range_by(context, args[0].integer(), args[1].integer(), args[2].integer());
}

std::optional<Value> bits_and(BuiltinContext&, Arguments args) { return Value(args[0].integer() & args[1].integer()); }
std::optional<Value> bits_or(BuiltinContext&, Arguments args) { return Value(args[0].integer() | args[1].integer()); }
std::optional<Value> bits_xor(BuiltinContext&, Arguments args) { return Value(args[0].integer() ^ args[1].integer()); }
std::optional<Value> bits_negate(BuiltinContext&, Arguments args) { return Value(~args[0].integer()); }
std::optional<Value> bits_left(BuiltinContext&, Arguments args) {
  const std::int64_t by = args[1].integer();
  if (by < 0) return std::nullopt;
  std::int64_t result = 0;
  if (by > 62 || __builtin_mul_overflow(args[0].integer(), std::int64_t{1} << by, &result)) {
    if (args[0].integer() == 0) return Value(0);
    too_large();
  }
  return Value(result);
}
std::optional<Value> bits_right(BuiltinContext&, Arguments args) {
  const std::int64_t by = args[1].integer();
  if (by < 0) return std::nullopt;
  return Value(args[0].integer() >> std::min<std::int64_t>(by, 63));
}

constexpr std::array kNumbers{
    Builtin{"plus", "nn", plus},
    Builtin{"minus", "**", minus},
    Builtin{"mul", "nn", multiply},
    Builtin{"div", "nn", divide},
    Builtin{"rem", "ii", remainder},
    Builtin{"round", "n", round_half_away},
    Builtin{"ceil", "n", round_up},
    Builtin{"floor", "n", round_down},
    Builtin{"abs", "n", absolute},
    Builtin{"equal", "**", is_equal},
    Builtin{"neq", "**", is_other},
    Builtin{"lt", "**", is_less},
    Builtin{"lte", "**", is_less_or_equal},
    Builtin{"gt", "**", is_greater},
    Builtin{"gte", "**", is_greater_or_equal},
    Builtin{"numbers.range", "ii", range},
    Builtin{"numbers.range_step", "iii", range_step},
    Builtin{"bits.and", "ii", bits_and},
    Builtin{"bits.or", "ii", bits_or},
    Builtin{"bits.xor", "ii", bits_xor},
    Builtin{"bits.negate", "i", bits_negate},
    Builtin{"bits.lsh", "ii", bits_left},
    Builtin{"bits.rsh", "ii", bits_right},
};

}  // namespace

BuiltinTable number_builtins() { return kNumbers; }

}  // namespace rego

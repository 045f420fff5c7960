// SPDX-License-Identifier: Apache-2.0
#include "ops/secret_leaks.h"

#include "base/error.h"

namespace ops {
namespace {

constexpr std::size_t kTold = 5;

std::string in_form(const std::string& form) { return form.empty() ? "" : " (" + form + ")"; }

void tell(const std::string& text, const base::Digest& vertex, const Services& services) {
  if (services.settings.secret_leak == SecretLeak::warn) return services.events.warn(vertex, text);
  base::Error error(base::Code::failed_precondition, text);
  error.set_hint("use the secret where it is mounted and write it nowhere, or build with --secret-leak=warn");
  throw error;
}

}  // namespace

void refuse_secrets(const std::string& upper, const base::Digest& vertex, const Services& services,
                    const std::stop_token& stop) {
  if (services.secrets.empty() || services.secrets.needles().empty()) return;
  base::Json params = base::Json::object();
  params.set("directory", upper).set("needles", to_json(services.secrets.needles()));
  const auto reply = services.worker.call("find_secrets", params, {}, stop);
  const auto& found = reply.result["found"].items();
  if (found.empty()) return;
  std::string text = "the value of ";
  for (std::size_t i = 0; i < std::min(found.size(), kTold); ++i) {
    text += base::format("{}secret {} is in /{}{}", i == 0 ? "" : ", of ", found[i]["id"].string_or(""),
                         found[i]["path"].string_or(""), in_form(found[i]["form"].string_or("")));
  }
  if (found.size() > kTold) text += base::format(" and {} more files", found.size() - kTold);
  tell(text + ": whoever gets the image can read it", vertex, services);
}

void refuse_secrets_in_text(const std::string& text, std::string_view what, const Services& services) {
  if (services.secrets.empty()) return;
  const Needle* found = find_secret(text, services.secrets.needles());
  if (!found) return;
  tell(base::format("the value of secret {}{} is in {}", found->id, in_form(found->form), what), {}, services);
}

}  // namespace ops

// SPDX-License-Identifier: Apache-2.0
#include "proxy/capture.h"

#include <algorithm>
#include <map>

#include "base/error.h"

namespace proxy {

std::vector<Request> Seen::materials() const {
  std::vector<Request> made;
  std::map<std::string, Request> by_url;
  for (const auto& request : requests) {
    if (request.digest.empty()) continue;
    made.push_back(request);
    by_url[request.url] = request;
  }
  // A chain of redirects ends at a material; each round takes one step back along every chain.
  for (bool grown = true; grown;) {
    grown = false;
    for (const auto& request : requests) {
      const bool leads_on = request.method == "GET" && is_redirect(request.status) && !request.location.empty();
      if (!leads_on || by_url.contains(request.url)) continue;
      const auto end = by_url.find(request.location);
      if (end == by_url.end()) continue;
      Request from = end->second;
      from.url = request.url;
      by_url[from.url] = from;
      made.push_back(std::move(from));
      grown = true;
    }
  }
  return made;
}

std::vector<Request> Seen::gaps() const {
  std::vector<Request> found;
  std::copy_if(requests.begin(), requests.end(), std::back_inserter(found),
               [](const Request& request) { return !request.gap.empty(); });
  return found;
}

base::Json Seen::to_json() const {
  base::Json list = base::Json::array();
  for (const auto& request : requests) {
    base::Json entry = base::Json::object();
    entry.set("method", request.method).set("url", request.url).set("status", request.status);
    entry.set_nonempty("digest", request.digest).set_nonempty("location", request.location);
    if (!request.digest.empty()) entry.set("size", request.size);
    list.push(std::move(entry.set_nonempty("gap", request.gap)));
  }
  return base::Json::object().set("requests", std::move(list));
}

Seen Seen::from_json(const base::Json& json) {
  if (!json["requests"].is_array()) base::fail(base::Code::invalid_argument, "a list of captured requests is missing");
  Seen seen;
  for (const auto& entry : json["requests"].items()) {
    Request request;
    request.method = entry["method"].as_string();
    request.url = entry["url"].as_string();
    request.status = static_cast<int>(entry["status"].int_or(0));
    request.digest = entry["digest"].string_or("");
    request.size = static_cast<std::uint64_t>(entry["size"].int_or(0));
    request.location = entry["location"].string_or("");
    request.gap = entry["gap"].string_or("");
    seen.requests.push_back(std::move(request));
  }
  return seen;
}

bool Capture::admits(const std::string& url) {
  const std::lock_guard lock(mutex_);
  if (full_) return false;
  if (requests_.size() < kMaxRequests && bytes_ + url.size() <= kMaxBytes) return true;
  full_ = true;
  requests_.push_back({.method = "GET", .url = url, .status = 429, .gap = "too_many_requests"});
  return false;
}

void Capture::add(Request request) {
  const std::lock_guard lock(mutex_);
  if (full_ || !known_.insert(request).second) return;
  bytes_ += request.method.size() + request.url.size() + request.location.size();
  requests_.push_back(std::move(request));
}

void Capture::refuse(Request request, std::string reason) {
  constexpr std::size_t kMaxRefusals = 100;
  add(std::move(request));
  const std::lock_guard lock(mutex_);
  const bool known = std::find(refusals_.begin(), refusals_.end(), reason) != refusals_.end();
  if (!known && refusals_.size() < kMaxRefusals) refusals_.push_back(std::move(reason));
}

Seen Capture::seen() const {
  const std::lock_guard lock(mutex_);
  return {requests_};
}

std::vector<std::string> Capture::refusals() const {
  const std::lock_guard lock(mutex_);
  return refusals_;
}

}  // namespace proxy

// SPDX-License-Identifier: Apache-2.0
#include "ops/materialize.h"

#include "llb/op.h"
#include "ops/active_set.h"
#include "ops/result.h"
#include "ops/wire.h"

namespace ops {
namespace {

/// "Copy everything": the op that a frozen copy of a directory stands for.
llb::Op copy_all() {
  llb::FileCopy copy;
  copy.src = "/";
  copy.dest = "/";
  copy.dir_copy_contents = true;
  copy.create_dest_path = true;
  llb::Op op;
  op.kind = llb::FileOp{.actions = {{.input = llb::kEmpty, .secondary_input = 0, .output = 0, .kind = copy}}};
  return op;
}

}  // namespace

snapshot::Chain materialize(const solve::ResultPtr& result, const Services& services, const std::stop_token& stop) {
  const auto* local = dynamic_cast<const LocalResult*>(result.get());
  if (!local) return chain_of(*result);
  ActiveSet active(services.snapshots);
  const std::size_t target = active.prepare({});
  base::Json params = base::Json::object();
  params.set("op", encode_bytes(llb::marshal(copy_all()))).set("action", 0);
  params.set("target", active.mounts(target).to_json());
  params.set("source", to_json(SourceTree(local->view()))).set("owners", base::Json::object());
  services.worker.call("file", params, {}, stop);
  return active.commit(target);
}

}  // namespace ops

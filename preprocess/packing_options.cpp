// SPDX-License-Identifier: Apache-2.0
#include "preprocess/packing_options.h"

#include <fmt/format.h>

#include <utility>

#include "intr/core/affinity.h"
#include "intr/core/byte_size.h"
#include "intr/core/error.h"
#include "preprocess/annotations.h"

namespace intr {

void describe(PackingOptions& o, OptionSet& set) {
  describe(o.source, set);
  set.group("Packing")
      .add("shard-size", o.shard_size, "bytes of pictures a shard, 64MiB to 8GiB")
      .add("check", o.check, "how each picture is checked: decode (whole) or header")
      .add("on-error", o.on_error, "what a bad picture does: fail (all are listed), or skip")
      .add("dedup", o.dedup, "what equal pictures do: report (in pack-report.json), or error")
      .add("restart", o.restart, "remove what is unfinished of something else");
  describe(o.picture, set);
  set.group("Run")
      .add("threads", o.threads, "threads; 0 = the cores this process may use")
      .add("quiet", o.quiet, "warnings and errors only")
      .add("json", o.json, "print the summary as JSON");
}

void validate(const PackingOptions& o, const OptionSet& set) {
  validate(o.source);
  validate(o.picture, set);
  require_choice("check", o.check, {"decode", "header"});
  require_choice("on-error", o.on_error, {"fail", "skip"});
  require_choice("dedup", o.dedup, {"report", "error"});
  require_range("threads", o.threads, 0, 4096);
  const std::uint64_t size = parse_bytes("shard-size", o.shard_size);
  if (size < (std::uint64_t{64} << 20) || size > (std::uint64_t{8} << 30))
    throw UsageError(fmt::format("{} is not within 64MiB to 8GiB", o.shard_size), "--shard-size");
}

PackPlan plan_packing(const PackingOptions& o, PictureSource& source) {
  Listing listing = scan(source, o.source);
  nlohmann::ordered_json options = byte_options(o.picture, source.stored_as());
  if (const std::string hash = annotation_hash(listing); !hash.empty())
    options["annotations"] = hash;
  return make_plan(std::move(listing), parse_bytes("shard-size", o.shard_size), options.dump());
}

PackerOptions packer_options(const PackingOptions& o, const CommandContext& context) {
  PackerOptions options;
  options.check.decode = o.check == "decode";
  options.check.skip_bad = o.on_error == "skip";
  options.check.threads = o.threads > 0 ? o.threads : available_cores();
  apply(o.picture, options.check);
  options.restart = o.restart;
  options.refuse_duplicates = o.dedup == "error";
  options.stop_requested = context.stop_requested;
  return options;
}

}  // namespace intr

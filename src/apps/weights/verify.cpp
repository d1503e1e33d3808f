// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "commands.h"
#include "common.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/printable.h"
#include "intr/core/sha256.h"
#include "intr/model/weight_import.h"
#include "intr/weights/tensor_statistics.h"

namespace intr {
namespace {

constexpr std::size_t kNameDigits = 8;
constexpr std::size_t kSha256Digits = 64;

struct VerifyOptions {
  CommonOptions common;
  Words files;
  bool check_finite = false;
  std::string sha256;
  std::string as;
  ModelRequest request;
};

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// The digits that PyTorch's published files carry: "e632da11" of detr-r50-e632da11.pth.
std::string digits_of_name(const std::string& path) {
  const std::string stem = std::filesystem::path(path).stem().string();
  const bool pth = std::filesystem::path(path).extension() == ".pth";
  if (!pth || stem.size() <= kNameDigits || stem[stem.size() - kNameDigits - 1] != '-') return {};
  const std::string digits = stem.substr(stem.size() - kNameDigits);
  return is_hex(digits) ? digits : std::string();
}

void require_finite(const TensorEntry& entry, const std::vector<std::byte>& bytes,
                    const std::string& path) {
  const TensorStatistics found = statistics_of(bytes, entry.type);
  if (found.num_nan == 0 && found.num_infinite == 0) return;
  throw DataError(fmt::format("{} holds {} NaN and {} infinite values", quoted_name(entry.name),
                              found.num_nan, found.num_infinite),
                  path, "the training that made it diverged: use an earlier checkpoint");
}

/// Reads every tensor and every other byte that has a check.
void read_everything(const WeightFile& file, bool check_finite) {
  std::vector<std::byte> bytes;
  for (const TensorEntry& entry : file.entries()) {
    if (entry.type == DType::other) continue;
    bytes.resize(entry.bytes);
    file.read(entry, bytes);
    if (check_finite) require_finite(entry, bytes, file.path());
  }
  file.verify();
}

/// Compares the file's SHA-256 with the wished one and with its name. @return what to say of it
std::string check_digest(const std::string& digest, const std::string& wished,
                         const std::string& path) {
  const std::string in_name = digits_of_name(path);
  const auto compare = [&](const std::string& expected, const char* what) {
    if (digest.starts_with(expected)) return;
    throw DataError(fmt::format("its SHA-256 begins with {}, {} says {}",
                                digest.substr(0, expected.size()), what, expected),
                    path, "it is damaged or another file: download it again");
  };
  if (!wished.empty()) compare(wished, "--sha256");
  if (!in_name.empty()) compare(in_name, "its name");
  if (!wished.empty()) return " as wished";
  return in_name.empty() ? "" : " matches name";
}

/// Plans what intr-train --finetune would do with it. @return the report
nlohmann::ordered_json check_import(const WeightFile& file, const ModelRequest& request,
                                    bool quiet) {
  const NamedWeights weights = name_weights(file);
  const ResolvedModel model = resolve_model(file, weights, request);
  const WeightImport import(file, weights, model.config, {});
  if (!quiet)
    for (const std::string& line : import.lines()) log::info("import: {}", line);
  return import.report();
}

void validate(VerifyOptions& o) {
  std::ranges::transform(o.sha256, o.sha256.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (!o.sha256.empty() &&
      (o.sha256.size() < kNameDigits || o.sha256.size() > kSha256Digits || !is_hex(o.sha256)))
    throw UsageError(fmt::format("'{}' is no beginning of a SHA-256", o.sha256), "--sha256",
                     "give at least 8 hexadecimal digits");
  if (!o.as.empty()) require_choice("as", o.as, {"intr"});
  require_range("num-queries", o.request.num_classes, 0, 1'048'576);
  if (o.as.empty() && o.request.num_classes > 0)
    throw UsageError("says how many classes a model would have", "--num-queries", "add --as intr");
}

}  // namespace

ExitCode verify_weights(const Words& words) {
  VerifyOptions o;
  OptionSet set("intr-weights verify FILE [options]",
                "Checks every byte of a weight file: structure, CRCs and hashes, views, and its "
                "SHA-256 against a name that ends in -xxxxxxxx.pth.");
  set.positional("FILE", o.files, 1, 1, "weight file of any format, or a run directory");
  set.group("Checks")
      .add("check-finite", o.check_finite, "refuse NaN and infinite values")
      .add("sha256", o.sha256, "beginning of the SHA-256 that it must have, 8 digits or more")
      .add("as", o.as, "intr: plan its import as intr-train --finetune would")
      .add("num-queries", o.request.num_classes,
           "classes of that model; 0 = as many as the file has queries");
  describe_untold(o.request.options, set);
  describe(o.common, set);
  if (!parse(set, words, o.common)) return ExitCode::kDone;
  validate(o);
  o.request.given = [&set](const std::string& flag) { return set.given(flag); };
  const WeightFile file = open_weights(o.files[0], o.common);
  read_everything(file, o.check_finite);
  const std::string digest = sha256_file(file.path());
  const std::string verdict = check_digest(digest, o.sha256, file.path());
  nlohmann::ordered_json import;
  if (!o.as.empty()) import = check_import(file, o.request, o.common.quiet || o.common.json);
  if (o.common.json) {
    nlohmann::ordered_json json = {
        {"file", printable(file.path())},   {"good", true},
        {"format", name_of(file.format())}, {"tensors", file.entries().size()},
        {"bytes", file.file_bytes()},       {"sha256", digest}};
    if (!import.is_null()) json["import"] = import;
    fmt::print("{}\n", json.dump(2));
  } else if (!o.common.quiet) {
    fmt::print("good: {}, {} tensors, {}, sha256 {}…{}\n", name_of(file.format()),
               file.entries().size(), megabytes(file.file_bytes()), digest.substr(0, kNameDigits),
               verdict);
  }
  return ExitCode::kDone;
}

}  // namespace intr

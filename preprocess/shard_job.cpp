// SPDX-License-Identifier: Apache-2.0
#include "preprocess/shard_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <filesystem>

#include "intr/core/byte_size.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/parallel.h"
#include "intr/core/printable.h"
#include "intr/core/version.h"
#include "intr/data/shard_format.h"
#include "intr/data/shard_writer.h"
#include "intr/image/decode.h"
#include "intr/image/resize.h"
#include "intr/io/atomic_file.h"
#include "intr/io/file_range.h"
#include "intr/io/hdf5.h"
#include "preprocess/annotations.h"

namespace intr {
namespace {

Codec codec_of_name(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (extension == ".jpg" || extension == ".jpeg") return Codec::kJpeg;
  if (extension == ".png") return Codec::kPng;
  if (extension == ".webp") return Codec::kWebp;
  if (extension == ".bmp") return Codec::kBmp;
  if (extension == ".ppm" || extension == ".pgm") return Codec::kPnm;
  if (extension == ".tif" || extension == ".tiff") return Codec::kTiff;
  return Codec::kUnknown;
}

/// What is known of one file after it was looked at.
struct CheckedFile {
  std::string reason;          ///< why it is bad; empty if it is good
  std::int64_t bad_byte = -1;  ///< where; -1: not known
  ImageFacts facts;
  std::uint64_t hash = 0;
  std::uint64_t source_hash = 0;
  std::uint64_t length = 0;
  std::vector<std::byte> stored;  ///< if it is stored anew
};

void require_visible(ImageSize size) {
  const ImageSize result = resized_size(size, 800, 1333);
  if (result.height >= 1 && result.width >= 1) return;
  throw DataError(fmt::format("{}x{} pixels are too narrow: resized it would be {}x{}", size.width,
                              size.height, result.width, result.height));
}

/// Reads a file. What cannot be read is refused like what is gone: nothing may pass over it.
LoadedFile load_file(const PictureSource& source, const std::string& split,
                     const SourceFile& file) {
  try {
    return source.load(split, file);
  } catch (const EnvironmentError& error) {
    throw DataError(error.what());
  }
}

/// Looks at a picture as the options say, and encodes it anew if they want that.
void look(const LoadedFile& loaded, const std::string& path, const std::string& where,
          const CheckOptions& options, CheckedFile& checked) {
  checked.facts = probe_image(loaded.bytes, where, options.policy);
  const bool again = options.reencoding.concerns(checked.facts);
  if (options.decode && !again) decode_image(loaded.bytes, where, &checked.facts, options.policy);
  const Codec codec = checked.facts.codec;
  if (again)
    checked.stored =
        reencode(options.reencoding, loaded.bytes, where, options.policy, checked.facts);
  require_visible(checked.facts.size);
  checked.facts.flags |= loaded.flags;
  const Codec named = codec_of_name(path);
  if (named != Codec::kUnknown && named != codec) checked.facts.flags |= kExtensionMismatch;
}

CheckedFile check_file(const PictureSource& source, const std::string& split,
                       const SourceFile& file, const CheckOptions& options) {
  CheckedFile checked;
  if (file.size > options.max_file) {
    checked.reason = fmt::format("{} bytes, more than {} (--max-file)", file.size,
                                 shown_bytes(options.max_file));
    return checked;
  }
  const LoadedFile loaded = load_file(source, split, file);
  const std::string where = source.name_of(split, file);
  try {
    look(loaded, file.path, where, options, checked);
  } catch (const DataError& error) {
    if (const auto* broken = dynamic_cast<const PictureError*>(&error))
      checked.bad_byte = broken->offset;
    checked.reason = error.what();
    if (checked.reason.starts_with(where + ": ")) checked.reason.erase(0, where.size() + 2);
    return checked;
  }
  const std::vector<std::byte>& bytes = checked.stored.empty() ? loaded.bytes : checked.stored;
  checked.hash = xxh3_64(bytes);
  checked.source_hash = loaded.source_hash;
  checked.length = bytes.size();
  return checked;
}

void add_row(ShardResult& result, const Listing& listing, const SourceFile& file,
             const CheckedFile& checked) {
  SampleColumns& columns = result.columns;
  columns.sample_id.push_back(file.sample_id);
  columns.hash.push_back(checked.hash);
  columns.source_hash.push_back(checked.source_hash);
  columns.label.push_back(file.label);
  columns.width.push_back(static_cast<std::uint32_t>(checked.facts.size.width));
  columns.height.push_back(static_cast<std::uint32_t>(checked.facts.size.height));
  columns.flags.push_back(checked.facts.flags);
  columns.codec.push_back(static_cast<std::uint8_t>(checked.facts.codec));
  columns.mode.push_back(static_cast<std::uint8_t>(checked.facts.mode));
  columns.orientation.push_back(checked.facts.orientation);
  columns.add_path(file.path);
  append_annotations(columns, listing, file.annotations);
  result.length.push_back(checked.length);
}

ShardHeader header_of(const PackPlan& plan, const PlannedShard& shard) {
  return {plan.split_name(shard),        shard.number, shard.of,
          plan.file(shard, 0).sample_id, plan.plan_id, plan.options_json,
          "intr-pack " + version()};
}

/// Fills the shard: files are read a second time (from the page cache) and must not have changed.
void fill(const PictureSource& source, const PackPlan& plan, const PlannedShard& shard,
          const std::vector<std::int64_t>& stored, const std::vector<CheckedFile>& checked,
          const ShardResult& result, const ShardWriter& writer, std::int64_t threads,
          const std::function<void()>& advance) {
  parallel_for(std::ssize(stored), threads, [&](std::int64_t row) {
    const std::int64_t i = stored[static_cast<std::size_t>(row)];
    const SourceFile& file = plan.file(shard, i);
    const std::vector<std::byte>& anew = checked[static_cast<std::size_t>(i)].stored;
    if (!anew.empty()) {
      writer.write(row, anew);
      advance();
      return;
    }
    const LoadedFile loaded = load_file(source, plan.split_name(shard), file);
    if (xxh3_64(loaded.bytes) != result.columns.hash[static_cast<std::size_t>(row)]) {
      throw DataError("changed while it was packed", source.name_of(plan.split_name(shard), file),
                      "run the same command again when nothing writes to the source any more");
    }
    writer.write(row, loaded.bytes);
    advance();
  });
}

void note_file(ShardResult& result, const std::string& path) {
  result.file_bytes = InputFile(path).size();
  result.hash = hash_file(path);
  result.written = true;
}

}  // namespace

ShardResult pack_shard(const PictureSource& source, const PackPlan& plan, const PlannedShard& shard,
                       const std::string& set, const CheckOptions& options,
                       const ShardProgress& progress) {
  const std::int64_t count = plan.num_files(shard);
  std::atomic<std::int64_t> done{0};
  const auto advance = [&] { progress(++done, 2 * count); };
  std::vector<CheckedFile> checked(static_cast<std::size_t>(count));
  parallel_for(count, options.threads, [&](std::int64_t i) {
    checked[static_cast<std::size_t>(i)] =
        check_file(source, plan.split_name(shard), plan.file(shard, i), options);
    advance();
  });
  ShardResult result;
  std::vector<std::int64_t> stored;
  for (std::int64_t i = 0; i < count; ++i) {
    const SourceFile& file = plan.file(shard, i);
    const CheckedFile& facts = checked[static_cast<std::size_t>(i)];
    if (!facts.reason.empty()) {
      result.bad.push_back({plan.split_name(shard), file.path, facts.reason, facts.bad_byte});
      continue;
    }
    stored.push_back(i);
    add_row(result, plan.listing, file, facts);
  }
  if (stored.empty() || (!result.bad.empty() && !options.skip_bad)) return result;

  const std::string path = set + "/" + shard.file;
  AtomicFile target(path, plan.plan_id);
  ShardWriter writer(target.temporary_path(), header_of(plan, shard), result.columns, result.length,
                     plan.printable_classes());
  result.data_begin = writer.data_begin();
  fill(source, plan, shard, stored, checked, result, writer, options.threads, advance);
  writer.close();
  if (plan_of_shard(target.temporary_path()) != plan.plan_id)
    throw InternalError("a shard just written cannot be read back", target.temporary_path());
  target.commit();
  note_file(result, path);
  return result;
}

std::optional<std::string> plan_of_shard(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::nullopt;
  try {
    const hdf5::File file = hdf5::File::open(path);
    require_format(file, shard_format::kShardFormat);
    if (file.number<std::uint8_t>("/", "complete") != 1) return std::nullopt;
    return file.text("/", "plan_id");
  } catch (const DataError&) {
    return std::nullopt;  // cut or foreign: it is written again
  }
}

std::optional<ShardResult> keep_shard(const PictureSource& source, const PackPlan& plan,
                                      const PlannedShard& shard, const std::string& set,
                                      const CheckOptions& options, bool verify) {
  const std::string path = set + "/" + shard.file;
  if (plan_of_shard(path) != plan.plan_id) return std::nullopt;
  ShardResult result;
  try {
    const hdf5::File file = hdf5::File::open(path);
    result.columns = read_columns(file, std::ssize(plan.listing.classes));
    result.data_begin = file.byte_offset("/data");
    const auto offset = file.read<std::uint64_t>("/offset");
    if (std::ssize(offset) != result.columns.size() + 1) return std::nullopt;
    for (std::size_t row = 0; row + 1 < offset.size(); ++row) {
      if (offset[row + 1] < offset[row]) return std::nullopt;
      result.length.push_back(offset[row + 1] - offset[row]);
    }
    if (verify) {
      const InputFile bytes(path);
      for (std::size_t row = 0; row + 1 < offset.size(); ++row) {
        std::vector<std::byte> record(result.length[row]);
        bytes.read(result.data_begin + offset[row], record);
        if (xxh3_64(record) != result.columns.hash[row]) return std::nullopt;
      }
    }
  } catch (const DataError&) {
    return std::nullopt;
  }
  std::size_t row = 0;
  for (std::int64_t i = 0; i < plan.num_files(shard); ++i) {
    const SourceFile& file = plan.file(shard, i);
    if (row < result.columns.sample_id.size() && result.columns.sample_id[row] == file.sample_id) {
      ++row;
      continue;
    }
    const CheckedFile again = check_file(source, plan.split_name(shard), file, options);
    if (again.reason.empty()) return std::nullopt;  // it was repaired: pack the shard again
    result.bad.push_back({plan.split_name(shard), file.path, again.reason, -1});
  }
  if (row != result.columns.sample_id.size()) return std::nullopt;
  note_file(result, path);
  return result;
}

}  // namespace intr

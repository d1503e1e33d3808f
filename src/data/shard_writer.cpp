// SPDX-License-Identifier: Apache-2.0
#include "intr/data/shard_writer.h"

#include <fmt/format.h>

#include <utility>

#include "intr/core/error.h"
#include "intr/data/shard_format.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

void write_header(hdf5::File& file, const char* format, const std::string& split,
                  const std::string& creator, std::int64_t num_samples) {
  file.set_text("/", "format", format);
  file.set_numbers<std::uint16_t>("/", "format_version",
                                  {shard_format::kMajor, shard_format::kMinor});
  file.set_text("/", "split", split);
  file.set_number("/", "num_samples", static_cast<std::uint64_t>(num_samples));
  file.set_text("/", "creator", creator);
}

}  // namespace

ShardWriter::ShardWriter(std::string path, const ShardHeader& header, const SampleColumns& columns,
                         const std::vector<std::uint64_t>& lengths,
                         const std::vector<std::string>& classes)
    : path_(std::move(path)), offset_{0} {
  const std::string fault = columns.fault(std::ssize(classes));
  if (!fault.empty() || std::ssize(lengths) != columns.size())
    throw InternalError("columns of a shard do not fit: " + fault, path_);
  for (const std::uint64_t length : lengths) offset_.push_back(offset_.back() + length);
  hdf5::File file = hdf5::File::create(path_, shard_format::kAlignment);
  write_header(file, shard_format::kShardFormat, header.split, header.creator, columns.size());
  file.set_number("/", "shard_index", static_cast<std::uint32_t>(header.shard_index));
  file.set_number("/", "shard_count", static_cast<std::uint32_t>(header.shard_count));
  file.set_number("/", "first_sample", header.first_sample);
  file.set_text("/", "plan_id", header.plan_id);
  file.set_text("/", "options_json", header.options_json);
  file.create_dataset("/data", hdf5::Type::u8, {offset_.back()});
  file.write("/offset", offset_);
  write_columns(file, columns, classes);
  file.flush();
  data_begin_ = file.byte_offset("/data");
  file.close();
  // Now, so that a quota or a full disk shows before hours of work.
  reserve_space(path_, data_begin_ + offset_.back());
  data_.emplace(path_);
}

void ShardWriter::write(std::int64_t row, std::span<const std::byte> bytes) const {
  const auto i = static_cast<std::size_t>(row);
  if (bytes.size() != offset_.at(i + 1) - offset_.at(i))
    throw InternalError(fmt::format("{} bytes for row {}", bytes.size(), row), path_);
  data_->write(data_begin_ + offset_[i], bytes);
}

void ShardWriter::close() {
  data_->close();
  hdf5::File file = hdf5::File::open_to_change(path_);
  file.set_number("/", "complete", std::uint8_t{1});
  file.close();
}

void write_index(const std::string& path, const std::string& split, const std::string& dataset_id,
                 const std::string& creator, const SampleColumns& columns,
                 const Placement& placement, const std::vector<DataIndex::Shard>& shards,
                 const std::vector<std::string>& classes) {
  AtomicFile target(path);
  hdf5::File file = hdf5::File::create(target.temporary_path());
  write_header(file, shard_format::kIndexFormat, split, creator, columns.size());
  file.set_text("/", "dataset_id", dataset_id);
  file.set_number("/", "shard_count", static_cast<std::uint32_t>(shards.size()));
  write_columns(file, columns, classes);
  file.write("/shard_of", placement.shard_of);
  file.write("/begin", placement.begin);
  file.write("/length", placement.length);
  std::vector<std::string> files, hashes;
  std::vector<std::uint64_t> bytes, num_samples, first_sample, data_begin;
  for (const DataIndex::Shard& shard : shards) {
    files.push_back(shard.file);
    hashes.push_back(shard.hash);
    bytes.push_back(shard.bytes);
    num_samples.push_back(static_cast<std::uint64_t>(shard.num_samples));
    first_sample.push_back(static_cast<std::uint64_t>(shard.first_sample));
    data_begin.push_back(shard.data_begin);
  }
  file.make_group("/shard");
  file.write_strings("/shard/file", files);
  file.write("/shard/bytes", bytes);
  file.write("/shard/num_samples", num_samples);
  file.write("/shard/first_sample", first_sample);
  file.write("/shard/data_begin", data_begin);
  file.write_strings("/shard/xxh3_128", hashes);
  file.set_number("/", "complete", std::uint8_t{1});
  file.close();
  target.commit();
}

}  // namespace intr

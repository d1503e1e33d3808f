// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Our only door to HDF5: move-only handles, every return code checked in one file, errors that
/// name file and object. HDF5 itself may be built without thread safety: File and Handle take one
/// lock of the whole process, so any thread may use files of its own.
namespace intr::hdf5 {

/// The lock that every call into HDF5 holds. Recursive.
[[nodiscard]] std::unique_lock<std::recursive_mutex> exclusive();

/// Logs that closing failed; destructors cannot throw.
void log_close_failure() noexcept;

/// Owns one HDF5 identifier. Move-only. The destructor closes and logs a failure; it never throws.
template <herr_t (*Close)(hid_t)>
class Handle {
 public:
  explicit Handle(hid_t owned = H5I_INVALID_HID) noexcept : id_(owned) {}
  Handle(Handle&& other) noexcept : id_(other.release()) {}
  Handle& operator=(Handle&& other) noexcept {
    Handle old(std::exchange(id_, other.release()));
    return *this;
  }
  ~Handle() {
    if (id_ < 0) return;
    const auto lock = exclusive();
    if (Close(id_) < 0) log_close_failure();
  }
  hid_t get() const noexcept { return id_; }
  hid_t release() noexcept { return std::exchange(id_, H5I_INVALID_HID); }

 private:
  hid_t id_;
};

using Shape = std::vector<std::uint64_t>;

/// IEEE half precision as its 16 bits.
struct Half {
  std::uint16_t bits = 0;
};

/// Element types of data sets and attributes, little-endian on disk.
enum class Type { u8, i8, u16, u32, i32, u64, i64, f16, f32, f64 };
template <class T>
constexpr Type type_of();

/// An HDF5 file. Data sets are contiguous, unfiltered, without times, allocated early, so that
/// equal contents give equal bytes. Errors are DataError when reading and EnvironmentError when
/// writing.
class File {
 public:
  /// Makes a new file (superblock v2, readable by HDF5 1.8 and newer).
  /// @param alignment objects of at least this many bytes start at its multiples; 1 turns that off
  static File create(const std::string& path, std::uint64_t alignment = 1);
  /// Opens for reading, without file locks. @throws DataError if it is missing or no HDF5 file
  static File open(const std::string& path);
  /// Opens an existing file to change it; for files that have no final name yet.
  static File open_to_change(const std::string& path);
  /// Reads an HDF5 file that lies in memory; `name` is for messages.
  static File open_memory(std::span<const std::byte> bytes, const std::string& name);

  const std::string& path() const noexcept { return path_; }
  void make_group(const std::string& name);
  bool exists(const std::string& name) const;
  /// Names below a group, sorted.
  std::vector<std::string> members(const std::string& group) const;

  /// Makes a data set without writing it: space is reserved, nothing is filled in.
  /// @param nan_fill says NaN where HDF5 is asked for the fill value (floating-point types)
  void create_dataset(const std::string& name, Type type, const Shape& shape,
                      bool nan_fill = false);
  template <class T>
  void write(const std::string& name, std::span<const T> values, const Shape& shape) {
    write_raw(name, type_of<T>(), values.data(), values.size(), shape);
  }
  template <class T>
  void write(const std::string& name, const std::vector<T>& values) {
    write(name, std::span<const T>(values), {values.size()});
  }
  /// Writes into part of an existing one-dimensional data set.
  template <class T>
  void write_range(const std::string& name, std::uint64_t first, std::span<const T> values) {
    write_range_raw(name, type_of<T>(), first, values.data(), values.size());
  }
  /// A one-dimensional data set of an enumeration over u8: name and value of each member.
  using EnumMembers = std::vector<std::pair<std::string, std::uint8_t>>;
  void write_enum(const std::string& name, std::span<const std::uint8_t> values,
                  const EnumMembers& members);
  /// A one-dimensional data set of variable-length UTF-8 strings.
  void write_strings(const std::string& name, const std::vector<std::string>& values);
  /// A one-dimensional data set of fixed-length UTF-8 strings, padded with zero bytes. Unlike
  /// variable-length ones they lie in the data set itself, so that its bytes can be hashed.
  struct FixedStrings {
    std::uint64_t length = 0;  ///< bytes of each
    std::string bytes;         ///< all of them, end to end
    static FixedStrings pack(const std::vector<std::string>& values);
    std::vector<std::string> unpack() const;
  };
  void write_fixed_strings(const std::string& name, const FixedStrings& values);
  FixedStrings read_fixed_strings(const std::string& name) const;

  Shape shape(const std::string& name) const;
  /// What the elements of a data set are. @throws DataError if they are none of our types
  Type element_type(const std::string& name) const;
  /// All elements, converted to T. @throws DataError if the data set is missing or holds another
  /// class of type
  template <class T>
  std::vector<T> read(const std::string& name) const {
    std::vector<T> values(num_elements(name));
    read_raw(name, type_of<T>(), 0, values.data(), values.size());
    return values;
  }
  /// Elements [first, first + out.size()) of a one-dimensional data set.
  template <class T>
  void read_range(const std::string& name, std::uint64_t first, std::span<T> out) const {
    read_raw(name, type_of<T>(), first, out.data(), out.size());
  }
  std::vector<std::string> read_strings(const std::string& name) const;
  /// Byte in the file where a contiguous data set begins; 0 if it has no contiguous storage.
  std::uint64_t byte_offset(const std::string& name) const;
  /// True if a data set is stored contiguously, unfiltered and inside this file.
  bool is_contiguous(const std::string& name) const;
  /// Where the elements of a data set lie: plain = contiguous, unfiltered, inside this file;
  /// packed = inside this file in chunks, filters or its header; elsewhere = in other files, or in
  /// chunks so large that reading one would take more than 256 MiB.
  enum class Storage { plain, packed, elsewhere };
  Storage storage(const std::string& name) const;
  /// Byte at which HDF5 says that the file ends.
  std::uint64_t end() const;

  /// Attributes: fixed-length UTF-8 strings, scalars and one-dimensional arrays. `object` is "/" or
  /// a data set.
  void set_text(const std::string& object, const std::string& name, std::string_view value);
  template <class T>
  void set_number(const std::string& object, const std::string& name, T value) {
    set_raw(object, name, type_of<T>(), &value, 1, true);
  }
  template <class T>
  void set_numbers(const std::string& object, const std::string& name,
                   const std::vector<T>& values) {
    set_raw(object, name, type_of<T>(), values.data(), values.size(), false);
  }
  bool has_attribute(const std::string& object, const std::string& name) const;
  std::string text(const std::string& object, const std::string& name) const;
  template <class T>
  T number(const std::string& object, const std::string& name) const {
    return numbers<T>(object, name).at(0);
  }
  template <class T>
  std::vector<T> numbers(const std::string& object, const std::string& name) const {
    std::vector<T> values(attribute_elements(object, name));
    get_raw(object, name, type_of<T>(), values.data());
    return values;
  }

  /// Makes a one-dimensional virtual data set over ranges of other files' data sets of equal type;
  /// missing sources read as NaN.
  struct VirtualPiece {
    std::string file;  ///< relative to this file's folder
    std::string dataset;
    std::uint64_t size = 0;
  };
  void write_virtual(const std::string& name, Type type, const std::vector<VirtualPiece>& pieces);

  /// The raw identifier, for what this class does not offer.
  hid_t id() const noexcept { return file_.get(); }
  void flush();
  /// Writers call it before the file is renamed; the destructor is for unwinding.
  void close();

 private:
  File(Handle<H5Fclose> file, std::string path, bool writing);
  std::uint64_t num_elements(const std::string& name) const;
  std::uint64_t file_size() const;
  void read_bytes(std::uint64_t offset, std::span<std::byte> out) const;
  std::uint64_t attribute_elements(const std::string& object, const std::string& name) const;
  void write_raw(const std::string&, Type, const void*, std::uint64_t count, const Shape&);
  void write_range_raw(const std::string&, Type, std::uint64_t first, const void*,
                       std::uint64_t count);
  void read_raw(const std::string&, Type, std::uint64_t first, void*, std::uint64_t count) const;
  void set_raw(const std::string&, const std::string&, Type, const void*, std::uint64_t count,
               bool scalar);
  void get_raw(const std::string&, const std::string&, Type, void*) const;
  template <class Result>
  Result checked(Result result, std::string_view action) const;

  Handle<H5Fclose> file_;
  std::string path_;
  bool writing_;
};

template <class T>
constexpr Type type_of() {
  if constexpr (std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::byte>)
    return Type::u8;
  else if constexpr (std::is_same_v<T, std::int8_t>)
    return Type::i8;
  else if constexpr (std::is_same_v<T, std::uint16_t>)
    return Type::u16;
  else if constexpr (std::is_same_v<T, std::uint32_t>)
    return Type::u32;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return Type::i32;
  else if constexpr (std::is_same_v<T, std::uint64_t>)
    return Type::u64;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return Type::i64;
  else if constexpr (std::is_same_v<T, Half>)
    return Type::f16;
  else if constexpr (std::is_same_v<T, float>)
    return Type::f32;
  else {
    static_assert(std::is_same_v<T, double>, "no HDF5 type is known for this C++ type");
    return Type::f64;
  }
}

}  // namespace intr::hdf5

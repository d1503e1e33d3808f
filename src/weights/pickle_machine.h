// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "intr/weights/value_tree.h"
#include "pickle_constructors.h"
#include "pickle_source.h"
#include "tensor_view.h"

namespace intr {

/// The bytes that tensors of a .pth file are views of, as its pickle declares them.
struct PickleStorage {
  std::string key;
  DType type = DType::f32;
  std::string type_name;  ///< "torch.FloatStorage"
  std::int64_t numel = 0;
};

/// Reads pickles of weight files into a value tree: a loop over instructions on a stack of values.
/// It knows a handful of constructors as enumerators and refuses every other name, so nothing of a
/// file can run. Every length is checked before memory is set aside for it.
class PickleMachine {
 public:
  /// How a storage is written in a persistent id: zip files have five parts, legacy ones six.
  enum class Form { zip, legacy };

  PickleMachine(ValueTree& tree, const WeightLimits& limits, Form form);

  /// Reads one pickle up to its STOP. @return its value
  /// @throws DataError naming the byte, the instruction and what is wrong
  Value::Node run(PickleSource& source);

  /// In the order in which they were first named. Tensor values number into tensors().
  const std::vector<PickleStorage>& storages() const noexcept { return storages_; }
  const std::deque<TensorView>& tensors() const noexcept { return tensors_; }
  /// Every constructor that was named: "torch._utils._rebuild_tensor_v2".
  const std::set<std::string>& constructors() const noexcept { return constructors_; }
  std::int64_t opcodes() const noexcept { return opcodes_; }
  /// Ordered dicts that came with attributes of their own (a state dict's _metadata).
  std::int64_t attributes() const noexcept { return attributes_; }

 private:
  using Node = Value::Node;
  using Kind = Value::Kind;
  /// A storage as one persistent id gives it: all of it, or a part.
  struct StoragePart {
    std::size_t storage = 0;
    std::int64_t offset = 0;
    std::int64_t numel = 0;
  };

  // pickle_machine.cpp: the loop over instructions; pickle_stack.cpp: stack, memo, plain values.
  bool step();
  bool step_number(std::uint8_t opcode);
  bool step_text(std::uint8_t opcode);
  bool step_container(std::uint8_t opcode);
  bool step_memo(std::uint8_t opcode);
  bool step_call(std::uint8_t opcode);
  void push(Node node);
  Node pop();
  Node top() const;
  std::span<const Node> above_mark() const;
  void drop_mark();
  Node new_container(Kind kind, bool ordered = false);
  void push_text(std::uint64_t length);
  void push_tuple(std::size_t count);
  void append(Node list, std::span<const Node> items);
  void set_items(Node dict, std::span<const Node> items);
  void put(std::uint64_t index);
  void get(std::uint64_t index);
  void check_depth(Node container) const;
  [[noreturn]] void fail(const std::string& what, const std::string& next = {}) const;

  // pickle_calls.cpp: constructors, tensors and storages.
  void push_constructor(const std::string& module, const std::string& name);
  void reduce();
  void new_object();
  void build();
  void load_storage();
  Node call(KnownConstructor callee, const std::vector<Node>& arguments);
  Node make_ordered_dict(const std::vector<Node>& arguments);
  Node make_tensor(const std::vector<Node>& arguments);
  Node make_parameter(const std::vector<Node>& arguments);
  Node make_device(const std::vector<Node>& arguments);
  KnownConstructor callee(Node node) const;
  std::vector<Node> items_of(Node tuple, std::size_t most) const;
  std::int64_t integer(Node node, const char* what) const;
  /// Valid until a text is added to the tree.
  std::string_view text(Node node, const char* what) const;
  std::vector<std::int64_t> integers(Node tuple, const char* what) const;
  void require_no_hooks(Node hooks) const;
  StoragePart storage_part(const std::vector<Node>& id, std::size_t storage) const;
  std::string tensor_name() const;

  ValueTree& tree_;
  const WeightLimits& limits_;
  Form form_;
  PickleSource* source_ = nullptr;

  std::vector<Node> stack_;
  std::vector<std::size_t> marks_;  ///< heights of the stack
  std::vector<Node> memo_;
  std::size_t memo_entries_ = 0;
  std::uint64_t opcode_at_ = 0;
  std::uint8_t opcode_ = 0;
  std::int64_t opcodes_ = 0;
  std::int64_t containers_ = 0;
  std::int64_t keys_ = 0;    ///< of all dicts together
  std::int64_t copied_ = 0;  ///< pairs of lists that became dicts; each took instructions to make
  std::int64_t attributes_ = 0;

  Node true_, false_;
  std::vector<Node> small_integers_;  ///< 0 to 255
  std::vector<PickleStorage> storages_;
  std::map<std::string, std::size_t> storage_numbers_;
  std::deque<StoragePart> parts_;
  std::deque<TensorView> tensors_;
  std::set<std::string> constructors_;
};

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
// The few constructors that a weight file may name, and what each makes.
#include <fmt/format.h>

#include <algorithm>

#include "intr/core/printable.h"
#include "pickle_machine.h"

namespace intr {
namespace {

constexpr std::size_t kZipParts = 5, kLegacyParts = 6, kViewParts = 3, kMostArguments = 7;
constexpr std::size_t kLongestKey = 64, kLongestDevice = 32;

std::string cut(const std::string& text) { return printable(text.substr(0, 120)); }

}  // namespace

void PickleMachine::push_constructor(const std::string& module, const std::string& name) {
  const auto known = find_constructor(module, name);
  if (!known)
    fail(fmt::format("the file asks for {}.{}, which is not on the list of known constructors. "
                     "Nothing was run",
                     cut(module), cut(name)),
         advice_on(module, name));
  constructors_.insert(module + "." + name);
  if (known->what == Constructor::dtype)
    push(tree_.add_text("torch." + name));
  else
    push(tree_.add(Kind::constructor, known->code()));
}

KnownConstructor PickleMachine::callee(Node node) const {
  const Value value = tree_.value(node);
  if (value.kind() != Kind::constructor)
    fail(fmt::format("{} where a constructor belongs", name_of(value.kind())));
  return KnownConstructor::of(value.as_integer());
}

/// A tuple is short wherever it is taken apart: a file that has a long one taken apart again and
/// again would cost far more time than bytes.
std::vector<Value::Node> PickleMachine::items_of(Node tuple, std::size_t most) const {
  const Value value = tree_.value(tuple);
  if (value.kind() != Kind::tuple)
    fail(fmt::format("{} where a tuple belongs", name_of(value.kind())));
  if (value.size() > most)
    fail(fmt::format("a tuple of {} items, at most {}{}", value.size(), most, tensor_name()));
  std::vector<Node> items;
  value.for_each([&](const Value&, const Value& item) { items.push_back(item.node()); });
  return items;
}

std::int64_t PickleMachine::integer(Node node, const char* what) const {
  const Value value = tree_.value(node);
  if (value.kind() != Kind::integer)
    fail(fmt::format("{} is {}, not an integer{}", what, name_of(value.kind()), tensor_name()));
  return value.as_integer();
}

std::string_view PickleMachine::text(Node node, const char* what) const {
  const Value value = tree_.value(node);
  if (value.kind() != Kind::text)
    fail(fmt::format("{} is {}, not a text{}", what, name_of(value.kind()), tensor_name()));
  return value.as_text();
}

std::vector<std::int64_t> PickleMachine::integers(Node tuple, const char* what) const {
  std::vector<std::int64_t> numbers;
  const Value value = tree_.value(tuple);
  if (value.kind() == Kind::tuple && static_cast<std::int64_t>(value.size()) > limits_.dimensions)
    fail(fmt::format("{} dimensions, at most {}{}", value.size(), limits_.dimensions,
                     tensor_name()));
  for (const Node item : items_of(tuple, value.size())) numbers.push_back(integer(item, what));
  return numbers;
}

/// " of \"conv1.weight\"": the nearest text below on the stack, which is the key of what is made.
std::string PickleMachine::tensor_name() const {
  for (std::size_t i = stack_.size(); i-- > 0;) {
    const Value value = tree_.value(stack_[i]);
    if (value.kind() == Kind::text)
      return fmt::format(" (at \"{}\")", cut(std::string(value.as_text())));
  }
  return {};
}

void PickleMachine::reduce() {
  const std::vector<Node> arguments = items_of(pop(), kMostArguments);
  const KnownConstructor what = callee(pop());
  push(call(what, arguments));
}

void PickleMachine::new_object() {
  const std::vector<Node> arguments = items_of(pop(), kMostArguments);
  if (callee(pop()).what != Constructor::name_space || !arguments.empty())
    fail("makes an object of a kind that has no place in a weight file");
  push(new_container(Kind::object));
}

Value::Node PickleMachine::call(KnownConstructor what, const std::vector<Node>& arguments) {
  switch (what.what) {
    case Constructor::ordered_dict:
      return make_ordered_dict(arguments);
    case Constructor::counter:
      if (arguments.size() != 1 || tree_.value(arguments[0]).kind() != Kind::dict)
        fail("collections.Counter takes one dict");
      return arguments[0];
    case Constructor::rebuild_tensor:
      return make_tensor(arguments);
    case Constructor::rebuild_parameter:
      return make_parameter(arguments);
    case Constructor::name_space:
      if (!arguments.empty()) fail("argparse.Namespace with arguments");
      return new_container(Kind::object);
    case Constructor::size:
      if (arguments.size() != 1) fail("torch.Size takes one tuple");
      static_cast<void>(integers(arguments[0], "a size"));
      return arguments[0];
    case Constructor::device:
      return make_device(arguments);
    default:
      fail("calls something that is only a name");
  }
}

Value::Node PickleMachine::make_ordered_dict(const std::vector<Node>& arguments) {
  const Node dict = new_container(Kind::dict, true);
  if (arguments.empty()) return dict;
  if (arguments.size() != 1 || tree_.value(arguments[0]).kind() != Kind::list)
    fail("collections.OrderedDict takes nothing or one list of pairs");
  copied_ += static_cast<std::int64_t>(tree_.value(arguments[0]).size());
  if (copied_ > opcodes_) fail("a list of pairs that is used more than once");
  std::vector<Node> items;
  tree_.value(arguments[0]).for_each([&](const Value&, const Value& pair) {
    if ((pair.kind() != Kind::list && pair.kind() != Kind::tuple) || pair.size() != 2)
      fail("an item of collections.OrderedDict that is no pair");
    pair.for_each([&](const Value&, const Value& part) { items.push_back(part.node()); });
  });
  set_items(dict, items);
  return dict;
}

Value::Node PickleMachine::make_device(const std::vector<Node>& arguments) {
  std::string name;
  for (const Node argument : arguments) {
    const Value value = tree_.value(argument);
    if (value.kind() != Kind::text && value.kind() != Kind::integer)
      fail("torch.device takes texts and integers");
    if (value.kind() == Kind::text && value.size() > kLongestDevice)
      fail("torch.device with a long text");
    name += name.empty() ? "" : ":";
    name += value.kind() == Kind::text ? std::string(value.as_text())
                                       : fmt::format("{}", value.as_integer());
  }
  if (name.size() > kLongestDevice) fail("torch.device with a long text");
  return tree_.add_text(name);
}

void PickleMachine::build() {
  const Node state = pop();
  const Node target = top();
  if (tree_.value(state).kind() != Kind::dict)
    fail(fmt::format("a state that is {}", name_of(tree_.value(state).kind())));
  if (tree_.value(target).kind() == Kind::object) {
    tree_.become(target, state);
    return;
  }
  // A state dict carries version numbers of its modules this way; they say nothing about tensors.
  if (tree_.value(target).kind() != Kind::dict || !tree_.is_ordered(target))
    fail(fmt::format("gives a state to {}", name_of(tree_.value(target).kind())));
  ++attributes_;
}

void PickleMachine::require_no_hooks(Node hooks) const {
  const Value value = tree_.value(hooks);
  if (value.kind() != Kind::dict || !tree_.is_ordered(hooks) || value.size() != 0)
    fail("a tensor with hooks" + tensor_name(), "save a detached tensor: x.detach() in Python");
}

Value::Node PickleMachine::make_tensor(const std::vector<Node>& arguments) {
  if (arguments.size() != 6 && arguments.size() != 7)
    fail(fmt::format("a tensor of {} parts{}", arguments.size(), tensor_name()));
  const Value storage = tree_.value(arguments[0]);
  if (storage.kind() != Kind::storage)
    fail(fmt::format("a tensor made from {}{}", name_of(storage.kind()), tensor_name()));
  const StoragePart& part = parts_.at(static_cast<std::size_t>(storage.as_integer()));
  TensorView view{.storage = part.storage,
                  .offset = integer(arguments[1], "the offset"),
                  .shape = integers(arguments[2], "a size"),
                  .stride = integers(arguments[3], "a stride")};
  if (tree_.value(arguments[4]).kind() != Kind::boolean)
    fail("requires_grad is no truth value" + tensor_name());
  require_no_hooks(arguments[5]);
  const std::string fault = view_fault(view, part.numel, limits_.dimensions);
  if (!fault.empty()) fail(fault + tensor_name());
  if (static_cast<std::int64_t>(tensors_.size()) >= limits_.tensors)
    fail(fmt::format("more than {} tensors (--max-tensors)", limits_.tensors));
  view.offset += part.offset;  // both lie inside the storage
  tensors_.push_back(std::move(view));
  return tree_.add(Kind::tensor, static_cast<std::int64_t>(tensors_.size()) - 1);
}

Value::Node PickleMachine::make_parameter(const std::vector<Node>& arguments) {
  if (arguments.size() != 3 || tree_.value(arguments[0]).kind() != Kind::tensor ||
      tree_.value(arguments[1]).kind() != Kind::boolean)
    fail("a parameter that is not made of a tensor" + tensor_name());
  require_no_hooks(arguments[2]);
  return arguments[0];
}

void PickleMachine::load_storage() {
  const std::vector<Node> id = items_of(pop(), kMostArguments);
  const std::string_view word = id.empty() ? "" : text(id[0], "the kind of a persistent id");
  if (word != "storage")
    fail(fmt::format("a persistent id of a '{}', not of a storage", cut(std::string(word))),
         word == "module" ? "it holds a whole module: save model.state_dict() in Python" : "");
  const std::size_t parts = form_ == Form::legacy ? kLegacyParts : kZipParts;
  if (id.size() != parts) fail(fmt::format("a storage of {} parts, not {}", id.size(), parts));
  const KnownConstructor kind = callee(id[1]);
  if (kind.what != Constructor::storage) fail("a storage of no storage type");
  const std::string_view key = text(id[2], "a storage's key");
  if (key.size() > kLongestKey)
    fail(fmt::format("a storage's key of {} bytes, at most {}", key.size(), kLongestKey));
  PickleStorage storage{.key = std::string(key),
                        .type = kind.type,
                        .type_name = "torch." + name_of(kind.type),
                        .numel = integer(id[4], "a storage's size")};
  static_cast<void>(text(id[3], "a storage's place"));  // "cpu", "cuda:0": of no meaning here
  if (storage.numel < 0 || !tensor_bytes({storage.numel}, storage.type))
    fail(fmt::format("a storage of {} elements{}", storage.numel, tensor_name()));
  const auto [found, added] = storage_numbers_.emplace(storage.key, storages_.size());
  if (added && static_cast<std::int64_t>(storages_.size()) >= limits_.tensors)
    fail(fmt::format("more than {} storages (--max-tensors)", limits_.tensors));
  if (added) storages_.push_back(storage);
  const PickleStorage& known = storages_[found->second];
  if (known.type != storage.type || known.numel != storage.numel)
    fail(fmt::format("storage \"{}\" is {} {} values here and {} {} values elsewhere",
                     cut(storage.key), storage.numel, name_of(storage.type), known.numel,
                     name_of(known.type)));
  parts_.push_back(storage_part(id, found->second));
  push(tree_.add(Kind::storage, static_cast<std::int64_t>(parts_.size()) - 1));
}

PickleMachine::StoragePart PickleMachine::storage_part(const std::vector<Node>& id,
                                                       std::size_t storage) const {
  const std::int64_t numel = storages_[storage].numel;
  if (form_ == Form::zip || tree_.value(id[5]).kind() == Kind::null) return {storage, 0, numel};
  const std::vector<Node> view = items_of(id[5], kViewParts);
  if (view.size() != kViewParts)
    fail(fmt::format("a storage view of {} parts, not 3", view.size()));
  static_cast<void>(text(view[0], "a view's key"));
  const std::int64_t offset = integer(view[1], "a view's offset");
  const std::int64_t size = integer(view[2], "a view's size");
  if (offset < 0 || size < 0 || offset > numel || size > numel - offset)
    fail(fmt::format("a view of elements {} to {} of a storage of {}", offset,
                     static_cast<double>(offset) + static_cast<double>(size), numel));
  return {storage, offset, size};
}

}  // namespace intr

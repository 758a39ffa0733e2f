#include "sweep/language/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "base/text.h"

namespace archsweep {
namespace {

Position PositionOf(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {.line = mark.line + 1, .column = mark.column + 1};
}

// Builds the tree out of the parser's events, so that nothing is expanded before it is checked.
// After a mistake that leaves no tree to go on with, it ignores the remaining events.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Complaints& complaints) : complaints_(complaints) {}

  YamlNode TakeRoot() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    Place({.position = PositionOf(mark)});
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    Refuse(mark, "an alias (*) is not allowed; write the value out");
    Place({.position = PositionOf(mark)});
  }

  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    Refuse(mark,
           Format("the anchor '&{}' is not allowed; write the value out where it is used", name));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    RefuseTag(mark, tag);
    Place({.kind = YamlNode::Kind::kScalar,
           .position = PositionOf(mark),
           .text = value,
           .quoted = tag == "!"});
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, YamlNode::Kind::kSequence);
  }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, YamlNode::Kind::kMap);
  }

  void OnSequenceEnd() override { Close(); }
  void OnMapEnd() override { Close(); }

 private:
  // A container that is not complete yet.
  struct OpenContainer {
    YamlNode node;
    std::optional<YamlEntry> entry{};        // Its key is known, its value not yet.
    std::map<std::string, Position> keys{};  // Of a map: those that were used, and where first.
  };

  void Refuse(const YAML::Mark& mark, std::string_view message) {
    if (!stopped_) complaints_.Add(PositionOf(mark), message);
  }

  void Stop(Position position, std::string_view message) {
    if (!stopped_) complaints_.Add(position, message);
    stopped_ = true;
  }

  void RefuseTag(const YAML::Mark& mark, const std::string& tag) {
    // The parser itself gives "?" to what is written plainly and "!" to what is quoted.
    if (tag.empty() || tag == "?" || tag == "!") return;
    Refuse(mark, Format("the tag '{}' is not allowed; the key decides the type of a value", tag));
  }

  bool AwaitsKey() const {
    return !open_.empty() && open_.back().node.kind == YamlNode::Kind::kMap &&
           !open_.back().entry.has_value();
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YamlNode::Kind kind) {
    RefuseTag(mark, tag);
    const Position position = PositionOf(mark);
    if (AwaitsKey())
      return Stop(position, Format("{} cannot be a key; a key is a word", NameOf(kind)));
    if (open_.size() == kYamlDepthMax) {
      return Stop(position, Format("nested more than {} levels deep", kYamlDepthMax));
    }
    if (!stopped_) open_.push_back({.node = {.kind = kind, .position = position}});
  }

  void Close() {
    if (stopped_) return;
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    Place(std::move(node));
  }

  void Place(YamlNode node) {
    if (++nodes_ > kYamlNodesMax) {
      Stop(node.position, Format("more than {} keys and values", kYamlNodesMax));
    }
    if (stopped_) return;
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (open_.back().node.kind == YamlNode::Kind::kSequence) {
      open_.back().node.items.push_back(std::move(node));
    } else if (AwaitsKey()) {
      PlaceKey(std::move(node));
    } else {
      PlaceValue(std::move(node));
    }
  }

  void PlaceKey(YamlNode node) {
    if (node.kind != YamlNode::Kind::kScalar) {
      complaints_.Add(node.position, "a key is missing; a key is a word");
    } else if (node.text == "<<") {
      complaints_.Add(node.position, "the merge key '<<' is not allowed; write the keys out");
    }
    open_.back().entry =
        YamlEntry{.key = std::move(node.text), .position = node.position, .value = {}};
  }

  void PlaceValue(YamlNode node) {
    OpenContainer& map = open_.back();
    YamlEntry entry = std::move(*map.entry);
    map.entry.reset();
    // A value that is not there is reported by the parser at whatever comes next.
    if (node.kind == YamlNode::Kind::kNothing) node.position = entry.position;
    entry.value = std::move(node);
    const auto [first, is_new] = map.keys.try_emplace(entry.key, entry.position);
    if (is_new) {
      map.node.entries.push_back(std::move(entry));
    } else {
      complaints_.Add(entry.position, Format("duplicate key '{}', first given in line {}",
                                             entry.key, first->second.line));
    }
  }

  Complaints& complaints_;
  std::vector<OpenContainer> open_;
  YamlNode root_;
  size_t nodes_ = 0;
  bool stopped_ = false;
};

// Complains where a second document begins.
class SecondDocument final : public YAML::EventHandler {
 public:
  explicit SecondDocument(Complaints& complaints) : complaints_(complaints) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    complaints_.Add(PositionOf(mark), "a second document begins here; a file holds one sweep");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  Complaints& complaints_;
};

// The length of the UTF-8 sequence that `text` begins with, or 0 if it begins with none. Overlong
// forms, surrogates and what lies beyond Unicode are none.
size_t Utf8Length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second >= 0xA0;
  const bool beyond = lead == 0xF4 && second >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

// The parser would take some of these bytes for the end of the file.
void CheckCharacters(std::string_view text, Complaints& complaints) {
  Position position;
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const size_t length = Utf8Length(text.substr(i));
    const bool control =
        (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F;
    if (length == 0 || control) {
      complaints.Add(position, Format("the byte 0x{:02x} is {}; write plain UTF-8 text", byte,
                                      control ? "a control character" : "not UTF-8"));
    }
    if (byte == '\n') {
      position = {.line = position.line + 1, .column = 1};
    } else {
      position.column += static_cast<int>(std::max<size_t>(length, 1));
    }
    i += std::max<size_t>(length, 1);
  }
}

YamlNode ReadDocument(std::string_view text, Complaints& complaints) {
  std::istringstream stream{std::string(text)};
  TreeBuilder builder(complaints);
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      complaints.Add({}, "the file is empty");
      return {};
    }
    SecondDocument second(complaints);
    parser.HandleNextDocument(second);
  } catch (const YAML::Exception& error) {
    complaints.Add(PositionOf(error.mark), Format("not valid YAML: {}", error.msg));
  }
  return builder.TakeRoot();
}

}  // namespace

std::optional<YamlNode> ParseYaml(std::string_view text, Complaints& complaints) {
  if (text.size() > kYamlBytesMax) {
    complaints.Add(
        {}, Format("the file has {} bytes; at most {} are read", text.size(), kYamlBytesMax));
    return std::nullopt;
  }
  CheckCharacters(text, complaints);
  if (!complaints.Empty()) return std::nullopt;
  YamlNode root = ReadDocument(text, complaints);
  if (!complaints.Empty()) return std::nullopt;
  return root;
}

std::string_view NameOf(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::kNothing:
      return "nothing";
    case YamlNode::Kind::kScalar:
      return "a single value";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
  }
  return "";
}

}  // namespace archsweep

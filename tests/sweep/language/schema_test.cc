#include "sweep/language/schema.h"

#include <gtest/gtest.h>

#include "sweep/language/fields.h"

namespace archsweep {
namespace {

TEST(Schema, KnowsEveryFieldAndEveryAxis) {
  const Json schema = SweepSchema();
  const Json& base = schema.at("properties").at("base").at("properties");
  for (const Field& field : Fields()) {
    EXPECT_TRUE(schema.at("properties").at("grid").at("properties").contains(field.path));
    const size_t dot = field.path.find('.');
    if (dot == std::string::npos) {
      EXPECT_TRUE(base.contains(field.path)) << field.path;
      continue;
    }
    const Json& part = base.at(field.path.substr(0, dot)).at("oneOf").at(1).at("properties");
    EXPECT_TRUE(part.contains(field.path.substr(dot + 1))) << field.path;
    EXPECT_FALSE(part.at(field.path.substr(dot + 1)).at("description").empty()) << field.path;
  }
}

TEST(Schema, KnowsTheNamesThatTheProgramKnows) {
  const std::string text = SweepSchema().dump();
  for (const char* name : {"robustresnet-a4", "hierarchical", "leaky_relu", "racl", "depth-grid",
                           "cifar10-quickstart", "cw40", "conv3x3"}) {
    EXPECT_NE(text.find(Json(name).dump()), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace archsweep

#include "demo/installation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace warmgate::demo {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class InstallationTest : public ::testing::Test {
 protected:
  InstallationTest() {
    fs::remove_all(root_);
    add("repo/build/release/bin/warmgate-model", fs::perms::owner_all);
    fs::create_directories(root_ / "elsewhere");
  }
  ~InstallationTest() override { fs::remove_all(root_); }

  void add(const std::string& file, fs::perms perms = fs::perms::owner_read) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << "x";
    fs::permissions(root_ / file, perms);
  }
  void add_model(const std::string& folder) {
    add(folder + "/digits.onnx");
    add(folder + "/requests.jsonl");
  }
  Result<Installation> find(const std::string& assets = "") {
    return find_installation(root_ / "repo/build/release/bin/warmgate", root_ / "elsewhere",
                             assets);
  }

  const fs::path root_ =
      fs::path(::testing::TempDir()) / ("wg_demo_installation_" + std::to_string(getpid()));
};

TEST_F(InstallationTest, FindsTheRepositoryAboveTheProgram) {
  add_model("repo/assets/digits");
  EXPECT_EQ(find()->model, (root_ / "repo/assets/digits/digits.onnx").string());
}

TEST_F(InstallationTest, FindsTheShareOfAnInstalledProgram) {
  add_model("repo/build/release/share/warmgate/digits");
  EXPECT_THAT(find()->requests, HasSubstr("share/warmgate/digits/requests.jsonl"));
}

TEST_F(InstallationTest, TakesTheFolderThatIsGiven) {
  add_model("elsewhere/mine");
  EXPECT_TRUE(find((root_ / "elsewhere/mine").string()).ok());
  EXPECT_THAT(find("/nowhere").error().message, HasSubstr("no digits.onnx"));
}

TEST_F(InstallationTest, SaysWhatIsMissing) {
  EXPECT_THAT(find().error().message, HasSubstr("--assets DIR"));
  fs::remove(root_ / "repo/build/release/bin/warmgate-model");
  EXPECT_THAT(find().error().message, HasSubstr("make build"));
}

}  // namespace
}  // namespace warmgate::demo

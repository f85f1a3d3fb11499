#include "demo/installation.h"

#include <unistd.h>

#include <vector>

namespace warmgate::demo {
namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool has_model(const fs::path& folder) {
  return is_file(folder / "digits.onnx") && is_file(folder / "requests.jsonl");
}

std::vector<fs::path> candidates(const fs::path& program, const fs::path& working_directory) {
  const fs::path digits = fs::path("assets") / "digits";
  std::vector<fs::path> folders = {working_directory / digits};
  for (fs::path above = program.parent_path(); above.has_relative_path();
       above = above.parent_path()) {
    folders.push_back(above / digits);
  }
  folders.push_back(program.parent_path().parent_path() / "share" / "warmgate" / "digits");
  return folders;
}

}  // namespace

Result<Installation> find_installation(const fs::path& program, const fs::path& working_directory,
                                       const std::string& assets) {
  Installation found;
  found.gateway = program.string();
  found.model_server = (program.parent_path() / "warmgate-model").string();
  if (access(found.model_server.c_str(), X_OK) != 0) {
    return Error{"warmgate-model is not beside " + found.gateway + ": build it with `make build`"};
  }
  const auto folders =
      assets.empty() ? candidates(program, working_directory) : std::vector<fs::path>{assets};
  for (const fs::path& folder : folders) {
    if (!has_model(folder)) continue;
    found.model = (folder / "digits.onnx").string();
    found.requests = (folder / "requests.jsonl").string();
    return found;
  }
  return Error{assets.empty()
                   ? "the model (assets/digits) is not in this folder and not above the program: "
                     "run the demo from the repository, or give --assets DIR"
                   : "there is no digits.onnx with its requests.jsonl in " + assets};
}

fs::path this_program() {
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored);
}

}  // namespace warmgate::demo

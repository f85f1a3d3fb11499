// Installation: where the programs and the model are that the demo needs.
//
// Programs.  Beside this program.
// Model.     In DIR/assets/digits, where DIR is the working directory or one above the program (a
//            repository that was built), or in ../share/warmgate/digits (installed).
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace warmgate::demo {

struct Installation {
  std::string gateway;  // this program
  std::string model_server;
  std::string model;     // digits.onnx
  std::string requests;  // requests.jsonl
};

// `assets` overrides the search for the model, when it is not empty.
Result<Installation> find_installation(const std::filesystem::path& program,
                                       const std::filesystem::path& working_directory,
                                       const std::string& assets);

std::filesystem::path this_program();

}  // namespace warmgate::demo

#include "plan/output_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace warmgate::plan {
namespace {

namespace fs = std::filesystem;

Error cannot_write(const std::string& path, const std::string& why) {
  return Error{"cannot write \"" + path + "\": " + why +
               "; give a file in a folder that exists and may be written to"};
}

fs::path folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

}  // namespace

Status check_writable(const std::string& path) {
  std::error_code failure;
  if (fs::is_directory(path, failure)) return cannot_write(path, "it is a folder");
  const fs::path folder = folder_of(path);
  if (!fs::is_directory(folder, failure)) {
    return cannot_write(path, "there is no folder " + folder.string());
  }
  if (access(folder.c_str(), W_OK) != 0) return cannot_write(path, std::strerror(errno));
  return success();
}

Status write_whole_file(const std::string& path, std::string_view text) {
  const std::string temporary = path + ".part-" + std::to_string(getpid());
  errno = 0;
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file << text << std::flush;
    if (!file) {
      const std::string why = errno != 0 ? std::strerror(errno) : "the disk may be full";
      std::remove(temporary.c_str());
      return cannot_write(path, why);
    }
  }
  if (std::rename(temporary.c_str(), path.c_str()) == 0) return success();
  const std::string why = std::strerror(errno);
  std::remove(temporary.c_str());
  return cannot_write(path, why);
}

}  // namespace warmgate::plan

#pragma once

#include <string>
#include <vector>

#include "gateway/gateway.h"

namespace warmgate::cli {

// RecordingFiles writes the services' flight recordings: when asked to, and when an invariant of
// our own breaks, before the process aborts.
//
// Files.   DIRECTORY/warmgate-SERVICE-START-PID.recording, START in seconds since 1970; readable
//          by their owner only, never over a file that is there.
// Crash.   What is needed is made before: then nothing is allocated and no lock taken, for the
//          process is not to be trusted any more. Only system calls, and a line for each file on
//          standard error.
// Life.    One at a time; the gateway outlives it.
class RecordingFiles {
 public:
  RecordingFiles(const gateway::Gateway& gateway, const std::string& directory);
  ~RecordingFiles();
  RecordingFiles(const RecordingFiles&) = delete;
  RecordingFiles& operator=(const RecordingFiles&) = delete;

  void write_all() const;  // says on the log where, or why not

 private:
  struct File {
    const recording::FlightRecorder* recorder;
    std::string path;
  };

  static void on_broken_invariant(const char* condition, const char* what, const char* file,
                                  int line);

  std::vector<File> files_;
};

}  // namespace warmgate::cli

// Process: one child process in a process group of its own, with its output on pipes.
//
// Life.    When the child exits, what is left of its group is killed, the rest of its output is
//          read, and on_exit is called once. Destruction kills the group without that call. If this
//          process dies, even by SIGKILL, the kernel kills the child (not the child's own
//          children, which then have to notice themselves).
// Input.   /dev/null.
// Thread.  All on the loop's thread, which must be the process's main thread: the kernel's
//          guard against orphans is bound to the thread that started the child.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "net/epoll_loop.h"
#include "serverless/launch.h"
#include "serverless/line_splitter.h"

namespace warmgate::serverless {

class Process {
 public:
  struct Callbacks {
    std::function<void(int wait_status)> on_exit;  // as from waitpid; may destroy the Process
    // A line of stdout or stderr. Must not destroy the Process.
    std::function<void(std::string_view line, bool is_error)> on_line;
  };

  // Fails with a sentence when no process can be made or the program cannot be executed.
  static Result<std::unique_ptr<Process>> start(net::EpollLoop& loop, const Launch& launch,
                                                Callbacks callbacks);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void signal_group(int signal);

 private:
  struct Output {
    int fd = -1;
    LineSplitter lines;
    std::unique_ptr<net::EpollLoop::Watch> watch;
  };

  Process(net::EpollLoop& loop, pid_t pid, int pid_fd, int out, int err, Callbacks callbacks);
  void watch_output(Output& output);
  void read_output(Output& output, int reads);
  static void close_output(Output& output);
  void reap();

  net::EpollLoop& loop_;
  pid_t pid_;
  int pid_fd_;
  bool reaped_ = false;
  Callbacks callbacks_;
  Output out_, err_;
  std::unique_ptr<net::EpollLoop::Watch> exit_watch_;
};

// "exited with status 3", "was ended by signal 9 (Killed)".
std::string describe_exit(int wait_status);

}  // namespace warmgate::serverless

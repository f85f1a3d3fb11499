#include "serverless/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/close_range.h>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>
#include <vector>

namespace warmgate::serverless {
namespace {

struct Pipe {
  int read_end = -1, write_end = -1;

  bool open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    read_end = ends[0];
    write_end = ends[1];
    return true;
  }
  ~Pipe() {
    if (read_end >= 0) close(read_end);
    if (write_end >= 0) close(write_end);
  }
  void close_write() { close(std::exchange(write_end, -1)); }
  int take_read() { return std::exchange(read_end, -1); }
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

// In the child, between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(const char* program, char** arguments, char** environment, pid_t parent,
                         int out, int err, int failure) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // it died before prctl
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int signal : {SIGPIPE, SIGTERM, SIGINT, SIGHUP}) ::signal(signal, SIG_DFL);
  const int input = open("/dev/null", O_RDONLY);
  dup2(input, 0);
  dup2(out, 1);
  dup2(err, 2);
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  execve(program, arguments, environment);
  const int error = errno;
  [[maybe_unused]] auto written = write(failure, &error, sizeof(error));
  _exit(127);
}

int open_pid(pid_t pid) {
  return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}

Error system_error(const std::string& what, int error) {
  return Error{what + ": " + std::strerror(error)};
}

}  // namespace

Result<std::unique_ptr<Process>> Process::start(net::EpollLoop& loop, const Launch& launch,
                                                Callbacks callbacks) {
  Pipe out, err, failure;
  if (!out.open() || !err.open() || !failure.open()) {
    return system_error("cannot make a pipe for an instance's output", errno);
  }
  std::vector<char*> arguments = pointers(launch.arguments);
  std::vector<char*> environment = pointers(launch.environment);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return system_error("cannot make a process", errno);
  if (pid == 0) {
    become(launch.program.c_str(), arguments.data(), environment.data(), parent, out.write_end,
           err.write_end, failure.write_end);
  }
  failure.close_write();
  int error = 0;
  // Closed by exec, without a byte, when it succeeds.
  if (read(failure.read_end, &error, sizeof(error)) == sizeof(error)) {
    waitpid(pid, nullptr, 0);
    return system_error("cannot execute '" + launch.program + "'", error);
  }
  const int pid_fd = open_pid(pid);
  if (pid_fd < 0) {
    error = errno;
    kill(-pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return system_error("cannot watch a process", error);
  }
  return std::unique_ptr<Process>(
      new Process(loop, pid, pid_fd, out.take_read(), err.take_read(), std::move(callbacks)));
}

Process::Process(net::EpollLoop& loop, pid_t pid, int pid_fd, int out, int err, Callbacks callbacks)
    : loop_(loop),
      pid_(pid),
      pid_fd_(pid_fd),
      callbacks_(std::move(callbacks)),
      out_{out, LineSplitter([this](auto line) { callbacks_.on_line(line, false); }), nullptr},
      err_{err, LineSplitter([this](auto line) { callbacks_.on_line(line, true); }), nullptr} {
  watch_output(out_);
  watch_output(err_);
  exit_watch_ = loop_.watch(pid_fd_, [this] { reap(); });
}

Process::~Process() {
  exit_watch_.reset();
  close(pid_fd_);
  close_output(out_);
  close_output(err_);
  if (reaped_) return;
  kill(-pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Process::signal_group(int signal) {
  // Not after the end: the number may belong to somebody else by then.
  if (!reaped_) kill(-pid_, signal);
}

void Process::watch_output(Output& output) {
  fcntl(output.fd, F_SETFL, fcntl(output.fd, F_GETFL) | O_NONBLOCK);
  output.watch = loop_.watch(output.fd, [this, &output] { read_output(output, 1); });
}

void Process::read_output(Output& output, int reads) {
  for (; reads > 0 && output.fd >= 0; --reads) {
    const std::span<char> buffer = loop_.scratch();
    const ssize_t bytes = read(output.fd, buffer.data(), buffer.size());
    if (bytes > 0) {
      output.lines.feed({buffer.data(), static_cast<size_t>(bytes)});
    } else if (bytes == 0 || (errno != EAGAIN && errno != EINTR)) {
      close_output(output);
    } else {
      return;
    }
  }
}

void Process::close_output(Output& output) {
  if (output.fd < 0) return;
  output.watch.reset();
  close(std::exchange(output.fd, -1));
  output.lines.finish();
}

void Process::reap() {
  // While it is a zombie its number is still its own: the right moment to end the rest of the
  // group.
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
      info.si_pid != pid_) {
    return;
  }
  kill(-pid_, SIGKILL);
  int wait_status = 0;
  waitpid(pid_, &wait_status, 0);
  reaped_ = true;
  exit_watch_.reset();
  for (Output* output : {&out_, &err_}) {
    constexpr int kLastReads = 16;  // a pipe holds 64 KiB, as much as one read
    read_output(*output, kLastReads);
    close_output(*output);
  }
  auto on_exit = std::move(callbacks_.on_exit);
  on_exit(wait_status);
}

std::string describe_exit(int wait_status) {
  if (WIFEXITED(wait_status)) {
    return "exited with status " + std::to_string(WEXITSTATUS(wait_status));
  }
  const int signal = WTERMSIG(wait_status);
  return "was ended by signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
}

}  // namespace warmgate::serverless

#include "demo/stage.h"

#include <csignal>

namespace warmgate::demo {

Stage::Stage() {
  signals_ = loop_.on_signals({SIGINT, SIGTERM, SIGHUP}, [this](int) {
    interrupted_ = true;
    loop_.stop();
  });
}

bool Stage::wait(Duration limit) {
  if (interrupted_) return false;
  went_on_ = false;
  net::Timer timer(loop_.timers(), [this] { loop_.stop(); });
  // From within the loop: its clock stood still while nobody waited.
  net::Timer arm(loop_.timers(), [&timer, limit] { timer.arm_after(limit); });
  arm.arm(loop_.now());
  loop_.run();
  return went_on_;
}

void Stage::go_on() {
  went_on_ = true;
  loop_.stop();
}

}  // namespace warmgate::demo

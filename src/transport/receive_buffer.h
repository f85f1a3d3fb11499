// ReceiveBuffer: bytes that were read but not yet understood. Reads go to the loop's scratch; only
// what is left over after a look at it is kept, so that an idle connection holds no buffer.
#pragma once

#include <string>
#include <string_view>

#include "net/loop.h"

namespace warmgate::transport {

class ReceiveBuffer {
 public:
  // Reads once. After ok, view() is what there is. Before control returns to the loop, keep() must
  // follow: the scratch is everybody's.
  net::IoStatus read(net::Loop& loop, net::Stream& stream) {
    const net::IoResult result = stream.read(loop.scratch());
    if (result.status != net::IoStatus::ok) return result.status;
    const std::string_view fresh(loop.scratch().data(), result.bytes);
    if (kept_.empty()) {
      view_ = fresh;
    } else {
      kept_.append(fresh);
      view_ = kept_;
    }
    return net::IoStatus::ok;
  }

  std::string_view view() const { return view_; }

  // Drops the first `bytes` of view().
  void consume(size_t bytes) { view_.remove_prefix(bytes); }

  // Drops all of it.
  void discard() {
    view_ = {};
    keep();
  }

  // Copies what is left of view(), so that it lasts until the next read.
  void keep() {
    if (view_.empty()) {
      view_ = {};
      if (!kept_.empty()) std::string().swap(kept_);
      return;
    }
    if (kept_.empty()) {
      kept_.assign(view_);
    } else {
      kept_.erase(0, kept_.size() - view_.size());
    }
    view_ = kept_;
  }

 private:
  std::string kept_;
  std::string_view view_;
};

}  // namespace warmgate::transport

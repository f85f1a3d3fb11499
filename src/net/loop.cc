#include "net/loop.h"

namespace warmgate::net {

void Deferred::cancel() {
  if (link_ == nullptr) return;
  *link_ = next_;
  if (next_ != nullptr) {
    next_->link_ = link_;
  } else {
    list_->tail_ = link_;
  }
  link_ = nullptr;
  next_ = nullptr;
}

void DeferredList::add(Deferred& work) {
  if (work.deferred()) return;
  work.list_ = this;
  work.link_ = tail_;
  *tail_ = &work;
  tail_ = &work.next_;
}

void DeferredList::run_all() {
  // A private list, so that what defers itself again waits for the next batch, and so that
  // destroying a deferred object takes it out of whichever list it is in.
  DeferredList now;
  if (head_ == nullptr) return;
  now.head_ = head_;
  now.tail_ = tail_;
  head_->link_ = &now.head_;
  for (Deferred* work = head_; work != nullptr; work = work->next_) work->list_ = &now;
  head_ = nullptr;
  tail_ = &head_;
  while (now.head_ != nullptr) {
    Deferred* work = now.head_;
    work->cancel();
    work->run();
  }
}

}  // namespace warmgate::net

#include "model/worker_pool.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace warmgate::model {

WorkerPool::WorkerPool(std::vector<std::unique_ptr<InferenceEngine>> engines, size_t max_queue,
                       Job first_job)
    : engines_(std::move(engines)),
      max_queue_(max_queue),
      first_job_(std::move(first_job)),
      running_(engines_.size()) {  // with their first jobs
  WG_ASSERT(!engines_.empty(), "a worker pool needs an engine");
  for (const auto& engine : engines_) {
    threads_.emplace_back([this, &engine] { work(*engine); });
  }
}

WorkerPool::~WorkerPool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::submit(uint64_t id, Job job) {
  {
    std::lock_guard lock(mutex_);
    const size_t idle = engines_.size() - running_;
    if (queue_.size() >= max_queue_ + idle) return false;
    queue_.push_back({id, std::move(job)});
  }
  wake_.notify_one();
  return true;
}

bool WorkerPool::drop(uint64_t id) {
  std::lock_guard lock(mutex_);
  return std::erase_if(queue_, [id](const Waiting& waiting) { return waiting.id == id; }) > 0;
}

WorkerPool::Load WorkerPool::load() const {
  std::lock_guard lock(mutex_);
  return {.waiting = queue_.size(), .running = running_};
}

void WorkerPool::work(InferenceEngine& engine) {
  first_job_(engine);
  std::unique_lock lock(mutex_);
  --running_;
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    Job job = std::move(queue_.front().job);
    queue_.pop_front();
    ++running_;
    lock.unlock();
    job(engine);
    job = nullptr;  // what it captured goes before we say that we are idle
    lock.lock();
    --running_;
  }
}

}  // namespace warmgate::model

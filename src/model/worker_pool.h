// WorkerPool: threads that compute, each with an engine of its own, fed from one bounded queue.
//
// Model.    A job waits until a worker is free, first in, first out. A job that was dropped never
//           runs; one that runs cannot be stopped.
// Bounds.   At most max_queue jobs wait beside one per idle worker.
// Thread.   All methods from one owner thread; jobs run on the workers.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "model/engine.h"

namespace warmgate::model {

class WorkerPool {
 public:
  using Job = std::function<void(InferenceEngine&)>;

  // Each worker runs `first_job` once before any other.
  WorkerPool(std::vector<std::unique_ptr<InferenceEngine>> engines, size_t max_queue,
             Job first_job);
  // Drops what waits and joins the workers: takes as long as the jobs that run.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False when the queue is full. `id` is the caller's name for the job, used by drop().
  bool submit(uint64_t id, Job job);
  // True when the job was still waiting: it will not run.
  bool drop(uint64_t id);

  struct Load {
    size_t waiting = 0;
    size_t running = 0;
  };
  Load load() const;
  size_t workers() const { return engines_.size(); }

 private:
  struct Waiting {
    uint64_t id = 0;
    Job job;
  };

  void work(InferenceEngine& engine);

  const std::vector<std::unique_ptr<InferenceEngine>> engines_;  // each used by its worker only
  const size_t max_queue_;
  const Job first_job_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Waiting> queue_;  // guarded by mutex_, like the next two
  size_t running_ = 0;
  bool stopping_ = false;

  std::vector<std::thread> threads_;
};

}  // namespace warmgate::model

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "policy/lane.h"
#include "policy/slab_map.h"

namespace warmgate::policy {

// FairShares says whose turn it is among the keys of those who wait, and which key has the most of
// the room, so that one client's crowd of requests does not keep the others out.
//
// Model.    Keys fall into buckets by a hash. Each bucket has a chain of its waiting requests for
//           each lane, by deadline, and a turn: the bucket with the lowest is served next, ties by
//           deadline, and moves on by one. A bucket that begins to wait starts at the turn that was
//           served last, so that nobody saves up turns. Who has to make room is the last of the
//           largest bucket. Keys that share a bucket share its turn, until nobody waits: then the
//           hash is changed.
// Units.    Requests; each counts the same.
// Bounds.   kBuckets. enter() takes O(1), or up to kMostSteps where deadlines come out of order:
//           beyond those the chain is not in order. leave() O(1); next(), ahead() and
//           last_of_largest() O(buckets in use). Nothing while off; then 56 bytes for each bucket
//           and 40 for each slot.
// Source.   Turns: start-time fair queueing (Goyal, Vin, Cheng 1996), with a cost of 1 for each
//           request. Buckets and a hash that changes: stochastic fairness queueing (McKenney 1990).
//           Room: drop from the longest queue (Suter, Lakshman, Stiliadis, Choudhury 1999).
class FairShares {
 public:
  static constexpr uint32_t kBuckets = 256;
  static constexpr uint32_t kMostSteps = 1'024;

  struct Waiter {
    uint64_t key = 0;  // 0 is the key of those who have none
    Lane lane = Lane::on_time;
    Instant deadline{};
    uint64_t id = 0;
  };

  void switch_on() { buckets_.resize(kBuckets); }
  bool on() const { return !buckets_.empty(); }  // else nothing below may be called

  void enter(Slot slot, const Waiter& waiter);
  void served(Slot slot);
  void left(Slot slot);  // without being served
  void move(Slot slot, Lane lane);

  bool empty() const { return active_.empty(); }
  Slot next(Lane lane) const;  // kNoSlot: nobody waits in it

  // How many of those who wait come before a further request of this key, when all take turns.
  uint32_t ahead(uint64_t key, Lane lane) const;
  uint32_t ahead(uint64_t key) const;  // in all lanes together

  // Who yields its place to a further request of this key: of the bucket with the most requests,
  // the one in time with the latest deadline. kNoSlot: no bucket has so many more that the exchange
  // would bring the two closer.
  Slot last_of_largest(uint64_t key) const;
  // Of the bucket with the most requests, that of the key before others of its size, the one with
  // the earliest deadline. kNoSlot: nobody is here.
  Slot first_of_largest(uint64_t key) const;

  void check_invariants() const;

  bool sound() const;  // for members that were read from a file
  // Are they `count`, for each of which check(slot, lane) is true?
  template <class Check>
  bool holds_exactly(uint32_t count, Check&& check) const {
    for (Slot slot = 0; slot < nodes_.size(); ++slot) {
      if (nodes_[slot].id == 0) continue;
      if (count == 0 || !check(slot, nodes_[slot].lane)) return false;
      --count;
    }
    return count == 0;
  }
  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(buckets_, active_, nodes_, turn_, salt_);
  }

 private:
  struct Chain {
    Slot first = kNoSlot;
    Slot last = kNoSlot;
    uint32_t size = 0;
  };
  struct Bucket {
    std::array<Chain, kLaneCount> chains;
    uint32_t waiting = 0;
    uint32_t place = 0;  // in active_, while anybody waits
    uint64_t turn = 0;
  };
  struct Node {
    Instant deadline{};
    uint64_t id = 0;  // 0: does not wait
    Slot earlier = kNoSlot;
    Slot later = kNoSlot;
    uint32_t bucket = 0;
    Lane lane = Lane::on_time;
  };

  uint32_t bucket_of(uint64_t key) const;
  Chain& chain_of(const Node& node) {
    return buckets_[node.bucket].chains[static_cast<size_t>(node.lane)];
  }
  bool before(const Node& a, const Node& b) const {
    return a.deadline != b.deadline ? a.deadline < b.deadline : a.id < b.id;
  }
  void link(Slot slot);
  void unlink(Slot slot);
  void leave(Slot slot);
  template <class Count>
  uint32_t ahead_by(uint64_t key, Count&& count) const;

  std::vector<Bucket> buckets_;
  std::vector<uint32_t> active_;  // buckets with waiting requests
  std::vector<Node> nodes_;       // by slot
  uint64_t turn_ = 0;             // that was served last
  uint64_t salt_ = 0;             // of the hash; changes when nobody waits
};

}  // namespace warmgate::policy

#include "policy/fair_shares.h"

#include <algorithm>

#include "base/assert.h"

namespace warmgate::policy {

// The finaliser of splitmix64. Keys are keyed hashes already (gateway/fair_key.h), so nobody
// outside can choose a bucket.
uint32_t FairShares::bucket_of(uint64_t key) const {
  uint64_t z = key + salt_ * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return static_cast<uint32_t>((z ^ (z >> 31)) % kBuckets);
}

void FairShares::enter(Slot slot, const Waiter& waiter) {
  if (slot >= nodes_.size()) nodes_.resize(slot + 1);
  WG_ASSERT(nodes_[slot].id == 0 && waiter.id != 0, "a request waits once");
  const uint32_t index = bucket_of(waiter.key);
  nodes_[slot] = {waiter.deadline, waiter.id, kNoSlot, kNoSlot, index, waiter.lane};
  link(slot);
  Bucket& bucket = buckets_[index];
  if (bucket.waiting++ > 0) return;
  bucket.turn = std::max(bucket.turn, turn_);
  bucket.place = static_cast<uint32_t>(active_.size());
  active_.push_back(index);
}

void FairShares::served(Slot slot) {
  Bucket& bucket = buckets_[nodes_[slot].bucket];
  turn_ = std::max(turn_, bucket.turn);
  ++bucket.turn;
  leave(slot);
}

void FairShares::left(Slot slot) {
  leave(slot);
}

void FairShares::move(Slot slot, Lane lane) {
  unlink(slot);
  nodes_[slot].lane = lane;
  link(slot);
}

void FairShares::leave(Slot slot) {
  unlink(slot);
  Node& node = nodes_[slot];
  node.id = 0;
  Bucket& bucket = buckets_[node.bucket];
  if (--bucket.waiting > 0) return;
  const uint32_t last = active_.back();
  active_[bucket.place] = last;
  buckets_[last].place = bucket.place;
  active_.pop_back();
  if (active_.empty()) ++salt_;
}

// Behind the last that is not after it: for deadlines that come in order, the last there is.
void FairShares::link(Slot slot) {
  Node& node = nodes_[slot];
  Chain& chain = chain_of(node);
  Slot after = chain.last;
  for (uint32_t steps = 0; after != kNoSlot && steps < kMostSteps; ++steps) {
    if (before(nodes_[after], node)) break;
    after = nodes_[after].earlier;
  }
  node.earlier = after;
  node.later = after == kNoSlot ? chain.first : nodes_[after].later;
  (node.earlier == kNoSlot ? chain.first : nodes_[node.earlier].later) = slot;
  (node.later == kNoSlot ? chain.last : nodes_[node.later].earlier) = slot;
  ++chain.size;
}

void FairShares::unlink(Slot slot) {
  const Node& node = nodes_[slot];
  WG_ASSERT(node.id != 0, "only who waits can leave");
  Chain& chain = chain_of(node);
  (node.earlier == kNoSlot ? chain.first : nodes_[node.earlier].later) = node.later;
  (node.later == kNoSlot ? chain.last : nodes_[node.later].earlier) = node.earlier;
  --chain.size;
}

Slot FairShares::next(Lane lane) const {
  Slot best = kNoSlot;
  uint64_t best_turn = 0;
  for (const uint32_t index : active_) {
    const Bucket& bucket = buckets_[index];
    const Slot first = bucket.chains[static_cast<size_t>(lane)].first;
    if (first == kNoSlot) continue;
    const bool better = best == kNoSlot || bucket.turn < best_turn ||
                        (bucket.turn == best_turn && before(nodes_[first], nodes_[best]));
    if (!better) continue;
    best = first;
    best_turn = bucket.turn;
  }
  return best;
}

template <class Count>
uint32_t FairShares::ahead_by(uint64_t key, Count&& count) const {
  const uint32_t own = count(buckets_[bucket_of(key)]);
  uint32_t ahead = 0;
  for (const uint32_t index : active_) ahead += std::min(count(buckets_[index]), own + 1);
  return ahead;
}

uint32_t FairShares::ahead(uint64_t key, Lane lane) const {
  return ahead_by(
      key, [lane](const Bucket& bucket) { return bucket.chains[static_cast<size_t>(lane)].size; });
}

uint32_t FairShares::ahead(uint64_t key) const {
  return ahead_by(key, [](const Bucket& bucket) { return bucket.waiting; });
}

Slot FairShares::last_of_largest(uint64_t key) const {
  const auto last_of = [this](const Bucket& bucket) {
    for (const Chain& chain : bucket.chains) {
      if (chain.last != kNoSlot) return chain.last;
    }
    return kNoSlot;
  };
  uint32_t most = buckets_[bucket_of(key)].waiting + 1;
  Slot last = kNoSlot;
  for (const uint32_t index : active_) {
    const Bucket& bucket = buckets_[index];
    if (bucket.waiting < most) continue;
    const Slot candidate = last_of(bucket);
    const bool tie = bucket.waiting == most;
    if (tie && (last == kNoSlot || nodes_[candidate].id < nodes_[last].id)) continue;
    most = bucket.waiting;
    last = candidate;
  }
  return last;
}

Slot FairShares::first_of_largest(uint64_t key) const {
  const Bucket* largest = &buckets_[bucket_of(key)];
  for (const uint32_t index : active_) {
    const Bucket& bucket = buckets_[index];
    if (bucket.waiting < largest->waiting) continue;
    const bool tie = bucket.waiting == largest->waiting;
    if (!tie || largest->waiting == 0) largest = &bucket;
  }
  Slot first = kNoSlot;
  for (const Chain& chain : largest->chains) {
    if (chain.first == kNoSlot) continue;
    if (first == kNoSlot || before(nodes_[chain.first], nodes_[first])) first = chain.first;
  }
  return first;
}

bool FairShares::sound() const {
  if (!on()) return active_.empty() && nodes_.empty();
  if (buckets_.size() != kBuckets) return false;
  const auto is_slot = [&](Slot slot) { return slot < nodes_.size() && nodes_[slot].id != 0; };
  const auto is_link = [&](Slot slot) { return slot == kNoSlot || is_slot(slot); };
  size_t nodes = 0;
  for (const Node& node : nodes_) {
    if (node.id == 0) continue;
    ++nodes;
    if (node.bucket >= kBuckets || !is_link(node.earlier) || !is_link(node.later)) return false;
  }
  size_t waiting = 0, linked = 0, active = 0;
  for (uint32_t i = 0; i < kBuckets; ++i) {
    const Bucket& bucket = buckets_[i];
    waiting += bucket.waiting;
    active += bucket.waiting > 0 ? 1 : 0;
    if (bucket.waiting > 0 && (bucket.place >= active_.size() || active_[bucket.place] != i)) {
      return false;
    }
    for (size_t lane = 0; lane < kLaneCount; ++lane) {
      const Chain& chain = bucket.chains[lane];
      Slot earlier = kNoSlot;
      size_t size = 0;
      for (Slot slot = chain.first; slot != kNoSlot; slot = nodes_[slot].later, ++size) {
        if (!is_slot(slot) || size > nodes || nodes_[slot].earlier != earlier) return false;
        if (nodes_[slot].bucket != i || static_cast<size_t>(nodes_[slot].lane) != lane)
          return false;
        earlier = slot;
      }
      if (chain.last != earlier || chain.size != size) return false;
      linked += size;
    }
  }
  return waiting == nodes && linked == nodes && active == active_.size();
}

void FairShares::check_invariants() const {
  WG_ASSERT(sound(), "every waiting request stands in one chain of its bucket");
}

}  // namespace warmgate::policy

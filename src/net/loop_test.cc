#include "net/loop.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace warmgate::net {
namespace {

class Work final : public Deferred {
 public:
  explicit Work(std::function<void()> body) : body_(std::move(body)) {}
  void run() override {
    auto body = body_;
    body();
  }

 private:
  std::function<void()> body_;
};

class DeferredListTest : public testing::Test {
 protected:
  std::unique_ptr<Work> note(char name) {
    return std::make_unique<Work>([this, name] { done_ += name; });
  }
  DeferredList list_;
  std::string done_;
};

TEST_F(DeferredListTest, RunsInOrderAndOnce) {
  auto a = note('a'), b = note('b'), c = note('c');
  list_.add(*b);
  list_.add(*a);
  list_.add(*b);
  list_.add(*c);
  EXPECT_TRUE(a->deferred());
  list_.run_all();
  list_.run_all();
  EXPECT_EQ(done_, "bac");
  EXPECT_FALSE(a->deferred());
  EXPECT_TRUE(list_.empty());
}

TEST_F(DeferredListTest, DestructionAndCancellationTakeOut) {
  auto a = note('a'), b = note('b'), c = note('c');
  for (auto* work : {a.get(), b.get(), c.get()}) list_.add(*work);
  c.reset();
  b->cancel();
  auto d = note('d');
  list_.add(*d);
  list_.run_all();
  EXPECT_EQ(done_, "ad");
}

TEST_F(DeferredListTest, WhatIsDeferredMeanwhileWaits) {
  Work* self = nullptr;
  Work again([&] {
    done_ += 'x';
    list_.add(*self);
  });
  self = &again;
  list_.add(again);
  list_.run_all();
  EXPECT_EQ(done_, "x");
  EXPECT_FALSE(list_.empty());
  list_.run_all();
  EXPECT_EQ(done_, "xx");
}

TEST_F(DeferredListTest, WorkMayDestroyItselfAndOthersOfTheSameRun) {
  auto b = note('b'), c = note('c');
  std::unique_ptr<Work> a;
  a = std::make_unique<Work>([&] {
    done_ += 'a';
    c.reset();  // the last of the list
    a.reset();
    list_.add(*b);  // no effect: it is about to run
  });
  for (auto* work : {a.get(), b.get(), c.get()}) list_.add(*work);
  list_.run_all();
  EXPECT_EQ(done_, "ab");
  list_.add(*b);
  list_.run_all();
  EXPECT_EQ(done_, "abb");
}

}  // namespace
}  // namespace warmgate::net

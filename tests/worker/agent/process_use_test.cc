#include "worker/agent/process_use.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "tests/worker/agent/fixture.h"

namespace archsweep {
namespace {

constexpr size_t kHeldBytes = size_t{32} << 20;
constexpr int64_t kBurntMs = 100;

// Keeps a processor busy.
void Burn() {
  const clock_t end = clock() + kBurntMs * CLOCKS_PER_SEC / 1000;
  while (clock() < end) continue;
}

// A session of its own, whose leader and a child that has ended have both burnt time.
[[noreturn]] void LeadSession(const UniqueFd& ready) {
  setsid();
  prctl(PR_SET_NAME, "a) S 1 (b");
  const std::vector<char> held(kHeldBytes, 'x');
  const pid_t child = fork();
  Burn();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  if (write(ready.Get(), held.data(), 1) != 1) _exit(1);
  while (true) pause();
}

TEST(ProcessStat, IsReadWhateverTheNameOfTheProcess) {
  const std::string rest =
      "S 1 4711 4710 0 -1 4194560 1 2 3 4 50 60 70 80 20 0 1 0 99999 123456 789 "
      "18446744073709551615 "
      "1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0\n";
  const ProcessStat expected{.session = 4710, .ticks = 260, .pages = 789};
  for (const char* name : {"sh", "", "two words", "a) S 1 (b", "))) ((", "\n"}) {
    EXPECT_EQ(ParseProcessStat("4711 (" + std::string(name) + ") " + rest), expected) << name;
  }
}

TEST(ProcessStat, IsNothingWhereTheLineIsNone) {
  for (const char* line :
       {"", "4711", "4711 (sh", "4711 (sh) ", "4711 (sh) S 1 4711 4710 0 -1 4194560 1 2 3 4 50 60",
        "4711 (sh) S 1 1 x 0 -1 1 1 2 3 4 50 60 70 80 20 0 1 0 9 1 789 1",
        "4711 (sh) S 1 1 1 0 -1 1 1 2 3 4 50 -60 70 80 20 0 1 0 9 1 789 1"}) {
    EXPECT_FALSE(ParseProcessStat(line)) << line;
  }
}

TEST(ProcessUse, IsTheSumOverASessionAndIsToldOfItsEnd) {
  std::array<int, 2> pipe_fds{};
  ASSERT_EQ(pipe(pipe_fds.data()), 0);
  const UniqueFd read_end(pipe_fds[0]);
  const UniqueFd write_end(pipe_fds[1]);
  const pid_t leader = fork();
  if (leader == 0) LeadSession(write_end);
  char byte = 0;
  ASSERT_EQ(read(read_end.Get(), &byte, 1), 1);
  const auto uses = UseOfSessions({leader, getpid() + 1'000'000});
  EXPECT_EQ(Reap(leader), ProcessUse{}) << "it has not ended";
  kill(leader, SIGKILL);
  ProcessUse last;
  WaitUntil([&] {
    last = Reap(leader);
    return last != ProcessUse{};
  });
  ASSERT_EQ(uses.size(), 1u);
  // The kernel counts in ticks.
  EXPECT_GE(uses.at(leader).cpu_ms, 2 * kBurntMs - 50);
  EXPECT_GE(uses.at(leader).memory_bytes, static_cast<int64_t>(kHeldBytes));
  EXPECT_GE(last.cpu_ms, 2 * kBurntMs - 5);
  EXPECT_GE(last.memory_bytes, static_cast<int64_t>(kHeldBytes));
  EXPECT_TRUE(UseOfSessions({leader}).empty());
}

}  // namespace
}  // namespace archsweep

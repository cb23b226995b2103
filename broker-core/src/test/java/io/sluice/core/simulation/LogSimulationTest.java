package io.sluice.core.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.fixture.Configs;
import io.sluice.core.fixture.CrashingMachine;
import io.sluice.core.fixture.ManualClock;
import io.sluice.core.fixture.Seeds;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.storage.LogFile;
import io.sluice.core.storage.NoSpace;
import io.sluice.core.topic.TopicConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/**
 * Lives of a partition, each from a seed: producers, readers, trims, retention, rolls, restarts, crashes, full disks,
 * failing syncs, flipped bits; of a compacted topic also compaction, in place of the bits. After every step the log is compared with the model.
 */
class LogSimulationTest {
    private static final int STEPS = 60;

    @Test
    void nothingAcknowledgedIsLostAndNothingReadVanishes() {
        int runs = Seeds.during(2_000, Duration.ofSeconds(90), Duration.ofMinutes(20), seed -> new Life(seed).live());

        assertThat(runs).isPositive();
        System.out.println("lives simulated: " + runs);
    }

    /** One life. */
    private static final class Life {
        private final SplittableRandom random;
        private final CrashingMachine machine;
        private final ManualClock clock = new ManualClock(1_700_000_000_000L);
        private final SimulatedKeys keys;
        private final LogModel model;
        private final List<SimulatedProducer> producers = new ArrayList<>();
        private final boolean relaxed;
        private final List<String> story = new ArrayList<>();
        private long nextId = 1;
        private long nextProducer = 1;
        private TopicConfig config;
        private SimulatedPartition it;
        /** Set while the disk holds less than it would need to. */
        private boolean damaged;

        Life(long seed) {
            random = new SplittableRandom(seed);
            machine = new CrashingMachine(random.split());
            relaxed = random.nextInt(5) == 0;
            keys = keysOf(seed);
            model = new LogModel(keys);
            config = randomConfig();
            newProducers();
        }

        /** Every third life is of a compacted topic. Its own randomness: the others stay as they are. */
        private static SimulatedKeys keysOf(long seed) {
            SplittableRandom own = new SplittableRandom(~seed);
            return new SimulatedKeys(own.nextInt(3) == 0 ? 1 + own.nextInt(40) : 0);
        }

        private void newProducers() {
            producers.clear();
            for (SimulatedProducer.Kind kind : SimulatedProducer.Kind.values()) {
                producers.add(new SimulatedProducer(kind, nextProducer++, model, keys, random, () -> nextId++));
            }
        }

        private TopicConfig randomConfig() {
            return Configs.of(
                    500 + random.nextInt(8000),
                    random.nextInt(1000),
                    random.nextInt(3) == 0 ? 5000 + random.nextInt(20_000) : -1,
                    random.nextInt(3) == 0 ? 1000 + random.nextInt(5000) : -1,
                    relaxed ? 1 + random.nextInt(50) : 1,
                    keys.areUsed());
        }

        void live() throws IOException {
            try {
                restart("first start");
                for (int step = 0; step < STEPS && !damaged; step++) {
                    step();
                }
                if (damaged) {
                    meetDamage();
                }
            } catch (Throwable e) {
                throw new AssertionError(e + "\n" + String.join("\n", story), e);
            }
        }

        private void step() throws IOException {
            clock.advance(Duration.ofMillis(random.nextInt(300)));
            if (keys.areUsed() && random.nextInt(4) == 0) {
                compact(random.nextInt(6));
                compare();
                return;
            }
            switch (random.nextInt(24)) {
                case 0 -> trim();
                case 1 -> {
                    tell("retention");
                    it.applyRetention();
                }
                case 2 -> {
                    tell("checkpoint");
                    it.checkpoint();
                }
                case 3 -> {
                    config = randomConfig();
                    tell("config");
                    it.configure(config);
                }
                case 4 -> {
                    tell("clean shutdown");
                    it.close();
                    restart("after a clean shutdown");
                }
                case 5, 6 -> {
                    machine.kill();
                    restart("after a kill");
                }
                case 7, 8 -> crash("at rest");
                case 9 -> crashUnderLoad();
                case 10 -> fullDisk();
                case 11 -> failingSync();
                case 12 -> {
                    // Of a batch that was moved by a flipped bit nobody can tell where gaps are as they should be.
                    if (random.nextInt(4) == 0 && !keys.areUsed()) {
                        flipBits();
                    } else {
                        produce(true);
                    }
                }
                default -> produce(random.nextInt(3) > 0);
            }
            if (it.isOffline() && !damaged) {
                throw new AssertionError(
                        "the partition is offline: " + it.partition().closed().join());
            }
            compare();
        }

        private void compare() {
            if (!it.isOffline()) {
                model.compare(it.partition(), () -> 1 + random.nextInt(random.nextBoolean() ? 300 : 6000), damaged);
            }
        }

        private void produce(boolean grouped) {
            tell("produce");
            for (SimulatedProducer producer : producers) {
                producer.send(it.partition(), clock.millis());
                if (!grouped) {
                    it.run();
                }
            }
            it.run();
            producers.forEach(SimulatedProducer::settle);
        }

        /** @param meanwhile which of a few things happens before the compacted segments are put in place */
        private void compact(int meanwhile) throws IOException {
            // The least memory is for a few keys only.
            long memory = random.nextInt(3) == 0 ? 0 : 1 << 20;
            tell("compact with memory for " + memory + " bytes, meanwhile " + meanwhile);
            model.compacting(clock.millis(), config.deleteRetentionMs());
            it.compact(memory, () -> {
                switch (meanwhile) {
                    case 0 -> produce(true);
                    case 1 -> trim();
                    case 2 -> it.applyRetention();
                    default -> {}
                }
            });
        }

        private void trim() {
            long start = it.partition().logStartOffset();
            long end = it.partition().highWatermark();
            long offset = random.nextInt(5) == 0 ? end : start + random.nextLong(end - start + 1);
            tell("trim before " + offset + " of [" + start + ", " + end + ")");
            var answer = it.partition().trimBefore(offset);
            it.run();
            model.trimmed(answer.join());
            assertThat(answer.join()).isGreaterThanOrEqualTo(offset);
        }

        private void crash(String when) throws IOException {
            machine.crash();
            model.machineCrashed(relaxed);
            if (relaxed) {
                newProducers();
            }
            restart("after a crash " + when);
        }

        /** Down within one of the next changes, whatever that is. */
        private void crashUnderLoad() throws IOException {
            int left = random.nextInt(30);
            tell("down after " + left + " changes");
            machine.goDownAfter(left);
            for (int i = 0; i < 20 && !machine.isDown(); i++) {
                try {
                    if (keys.areUsed() && random.nextInt(3) == 0) {
                        compact(random.nextInt(6));
                        continue;
                    }
                    switch (random.nextInt(6)) {
                        case 0 -> it.checkpoint();
                        case 1 -> it.applyRetention();
                        case 2 -> {
                            var answer =
                                    it.partition().trimBefore(it.partition().logStartOffset());
                            it.run();
                            answer.join();
                        }
                        default -> produce(true);
                    }
                } catch (IOException | CompletionException e) {
                    LogModel.check(machine.isDown(), "the machine is up, and yet: " + e);
                }
            }
            boolean restartToo = random.nextBoolean();
            crash("under load");
            if (restartToo) {
                crashInRecovery();
            }
        }

        private void crashInRecovery() throws IOException {
            produce(true);
            machine.crash();
            model.machineCrashed(relaxed);
            if (relaxed) {
                newProducers();
            }
            machine.goDownAfter(random.nextInt(15));
            try {
                start();
            } catch (IOException e) {
                LogModel.check(machine.isDown(), "the machine is up, and yet: " + e);
            }
            machine.crash();
            model.machineCrashed(relaxed);
            restart("after a crash in recovery");
        }

        private void fullDisk() throws IOException {
            long room = random.nextInt(5000);
            tell("disk full after " + room + " bytes");
            machine.capacity(machine.usedBytes() + room);
            for (int i = 0; i < 4; i++) {
                produce(random.nextBoolean());
                if (random.nextInt(3) == 0) {
                    try {
                        it.checkpoint();
                    } catch (IOException expected) {
                        tell("no checkpoint");
                    }
                }
                if (keys.areUsed() && random.nextInt(2) == 0) {
                    try {
                        compact(random.nextInt(2) * 3);
                    } catch (IOException e) {
                        LogModel.check(NoSpace.isWhy(e), "there is no space, and yet: " + e);
                        tell("not compacted");
                    }
                }
                if (random.nextInt(3) == 0) {
                    it.applyRetention();
                    producers.forEach(p -> p.forgetDeleted(it.partition().logStartOffset()));
                }
                LogModel.check(
                        !it.isOffline(),
                        "a full disk took the partition offline: "
                                + it.partition().closed().getNow(null));
                compare();
            }
            machine.capacity(1L << 40);
            it.refreshDiskSpace();
            tell("disk freed");
            produce(true);
        }

        private void failingSync() throws IOException {
            tell("syncs fail");
            machine.failSyncs(path -> path.endsWith(".log"));
            produce(true);
            machine.failSyncs(path -> false);
            if (!it.isOffline()) {
                return;
            }
            produce(true);
            if (random.nextBoolean()) {
                crash("after a failed sync");
            } else {
                machine.kill();
                restart("after a failed sync");
            }
        }

        /** In segments that are sealed, or below the recovery point: where recovery does not look. */
        private void flipBits() throws IOException {
            it.checkpoint();
            LogDirectory directory = machine.root().directory(SimulatedPartition.NAME.toString());
            List<String> logs = new ArrayList<>(directory.files().stream()
                    .filter(name -> name.endsWith(".log"))
                    .sorted()
                    .toList());
            String victim = logs.get(random.nextInt(logs.size()));
            String path = directory.path() + "/" + victim;
            long size;
            try (LogFile file = directory.open(victim)) {
                size = Math.min(file.size(), machine.durableSize(path));
            }
            if (size == 0) {
                return;
            }
            damaged = true;
            for (int i = 1 + random.nextInt(3); i > 0; i--) {
                long position = random.nextLong(size);
                int bit = random.nextInt(8);
                tell("flip bit " + bit + " at " + position + " of " + victim + ", " + size + " bytes");
                machine.flipBit(path, position, bit);
            }
        }

        /** Bad bytes are in the files: they are refused, at the read or at the start, and never served. */
        private void meetDamage() throws IOException {
            compare();
            for (int i = 0; i < 2; i++) {
                machine.kill();
                try {
                    restart("with damage");
                    compare();
                    produce(true);
                    compare();
                } catch (BrokerException e) {
                    assertThat(e.code()).isEqualTo(ErrorCode.DATA_CORRUPT);
                    assertThat(e.getMessage()).contains("sluice log repair");
                    return;
                }
            }
        }

        private void restart(String why) throws IOException {
            producers.forEach(SimulatedProducer::settle);
            start();
            tell(why + ": [" + it.partition().logStartOffset() + ", "
                    + it.partition().highWatermark() + "), cut "
                    + it.recovered().cutBytes());
        }

        private void start() throws IOException {
            it = new SimulatedPartition(machine, clock, config, random.nextBoolean() ? 0 : 20_000);
        }

        private void tell(String what) {
            story.add("  " + what);
        }
    }
}

package io.sluice.loadtest.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ServerSocket;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class MachineTest {
    private static final String PAGE = """
            # HELP sluice_log_flushes_total syncs
            sluice_log_flushes_total{partition="a-0",x="y z"} 10.0
            sluice_log_flushes_total{partition="a-1"} 2.0 1700000000000
            sluice_log_flushes_total_of_others 99
            sluice_log_appended_records_total 1.2E3
            sluice_build_info{commit="x",version="1.4.0"} 1.0
            """;

    @Test
    void countersAreSummedOverTheirLabels() {
        BrokerMetrics metrics = BrokerMetrics.parse(PAGE);

        assertThat(metrics.flushes()).isEqualTo(OptionalDouble.of(12));
        assertThat(metrics.appendedRecords()).isEqualTo(OptionalDouble.of(1_200));
    }

    @Test
    void recordsPerFlushNeedsBothPagesToSaySo() {
        BrokerMetrics earlier = BrokerMetrics.parse(PAGE);
        BrokerMetrics later = BrokerMetrics.parse(PAGE.replace("1.2E3", "1.8E3").replace("10.0", "15.0"));

        assertThat(later.recordsPerFlushSince(earlier)).isEqualTo(OptionalDouble.of(120));
        assertThat(earlier.recordsPerFlushSince(earlier)).isEmpty();
        assertThat(later.recordsPerFlushSince(BrokerMetrics.NONE)).isEmpty();
        assertThat(BrokerMetrics.parse("<html>").recordsPerFlushSince(earlier)).isEmpty();
    }

    @Test
    void statIsReadPastANameWithSpacesAndParentheses() {
        ProcessStats stats = ProcessStats.parse(
                "42 (odd) name (x) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0", "VmHWM:\t  300 kB\nVmRSS:\t  200 kB\n");

        assertThat(stats.cpuMicros()).isEqualTo(2_000_000);
        assertThat(stats.residentBytes()).isEqualTo(200 * 1024);
        assertThat(stats.peakResidentBytes()).isEqualTo(300 * 1024);
        assertThatThrownBy(() -> ProcessStats.parse("42 (x) S", "")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void processThatIsGoneHasNoFigures() {
        assertThat(ProcessStats.of(Long.MAX_VALUE)).isEmpty();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void listeningProcessIsFoundByItsPort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0)) {
            assertThat(ServerProcess.listeningOn(socket.getLocalPort()))
                    .hasValue(ProcessHandle.current().pid());
        }
        assertThat(ProcessStats.of(ProcessHandle.current().pid()).orElseThrow().residentBytes())
                .isPositive();
        assertThat(Machine.current().memoryBytes()).isPositive();
        assertThat(Machine.current().cores()).isPositive();
    }
}

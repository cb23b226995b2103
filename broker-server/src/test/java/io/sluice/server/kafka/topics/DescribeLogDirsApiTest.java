package io.sluice.server.kafka.topics;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.apache.kafka.common.message.DescribeLogDirsResponseData.DescribeLogDirsResult;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescribeLogDirsApiTest {
    @TempDir
    private Path folder;

    @Test
    void aFolderThatCannotBeMeasuredIsAnsweredAsSuch() {
        DescribeLogDirsResult there = DescribeLogDirsApi.measure(new DescribeLogDirsResult(), folder);
        DescribeLogDirsResult gone = DescribeLogDirsApi.measure(new DescribeLogDirsResult(), folder.resolve("gone"));

        assertThat(there.errorCode()).isZero();
        assertThat(there.totalBytes()).isPositive();
        assertThat(Errors.forCode(gone.errorCode())).isEqualTo(Errors.KAFKA_STORAGE_ERROR);
    }
}

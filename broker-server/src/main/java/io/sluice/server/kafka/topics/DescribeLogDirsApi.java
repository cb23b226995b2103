package io.sluice.server.kafka.topics;

import io.sluice.core.Broker;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.Route;
import io.sluice.core.topic.Topic;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.DescribeLogDirsRequestData;
import org.apache.kafka.common.message.DescribeLogDirsRequestData.DescribableLogDirTopicCollection;
import org.apache.kafka.common.message.DescribeLogDirsResponseData;
import org.apache.kafka.common.message.DescribeLogDirsResponseData.DescribeLogDirsPartition;
import org.apache.kafka.common.message.DescribeLogDirsResponseData.DescribeLogDirsResult;
import org.apache.kafka.common.message.DescribeLogDirsResponseData.DescribeLogDirsTopic;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** DescribeLogDirs: the data directory, how much room it has, and what the partitions take of it. */
public final class DescribeLogDirsApi implements ApiHandler<DescribeLogDirsRequestData> {
    private static final Logger LOG = LoggerFactory.getLogger(DescribeLogDirsApi.class);

    private final Broker broker;
    private final Path dataDirectory;

    public DescribeLogDirsApi(Broker broker, Path dataDirectory) {
        this.broker = broker;
        this.dataDirectory = dataDirectory;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<DescribeLogDirsRequestData> request) {
        DescribableLogDirTopicCollection wanted = request.message().topics();
        DescribeLogDirsResult directory = new DescribeLogDirsResult().setLogDir(dataDirectory.toString());
        Collection<Topic> topics = wanted == null
                ? broker.topics()
                : wanted.stream()
                        .flatMap(topic -> broker.topic(topic.topic()).stream())
                        .toList();
        for (Topic topic : topics) {
            List<Integer> partitions =
                    wanted == null ? allOf(topic) : wanted.find(topic.name()).partitions();
            DescribeLogDirsTopic answer = new DescribeLogDirsTopic().setName(topic.name());
            for (int partition : partitions) {
                if (topic.hasPartition(partition)
                        && broker.engine().route(new TopicPartition(topic.name(), partition))
                                instanceof Route.Local local) {
                    answer.partitions()
                            .add(new DescribeLogDirsPartition()
                                    .setPartitionIndex(partition)
                                    .setPartitionSize(local.log().sizeInBytes()));
                }
            }
            if (!answer.partitions().isEmpty()) {
                directory.topics().add(answer);
            }
        }
        CompletableFuture<ApiMessage> answer = new CompletableFuture<>();
        // The file system may take its time.
        request.context()
                .owner()
                .executeBlocking(() -> measure(directory, dataDirectory), false)
                .<ApiMessage>map(measured -> new DescribeLogDirsResponseData().setResults(List.of(measured)))
                .onComplete(answer::complete, answer::completeExceptionally);
        return answer;
    }

    /** Notes how much room there is, or that this cannot be told. */
    static DescribeLogDirsResult measure(DescribeLogDirsResult directory, Path path) {
        try {
            FileStore store = Files.getFileStore(path);
            return directory.setTotalBytes(store.getTotalSpace()).setUsableBytes(store.getUsableSpace());
        } catch (IOException e) {
            LOG.error("the room in {} cannot be measured: {}", path, e.toString());
            return directory.setErrorCode(Errors.KAFKA_STORAGE_ERROR.code());
        }
    }

    private static List<Integer> allOf(Topic topic) {
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < topic.partitions(); i++) {
            all.add(i);
        }
        return all;
    }
}

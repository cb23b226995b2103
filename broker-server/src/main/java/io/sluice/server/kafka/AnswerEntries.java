package io.sluice.server.kafka;

import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicResult;
import org.apache.kafka.common.message.DeleteGroupsResponseData.DeletableGroupResult;
import org.apache.kafka.common.message.DeleteRecordsResponseData.DeleteRecordsPartitionResult;
import org.apache.kafka.common.message.DeleteRecordsResponseData.DeleteRecordsTopicResult;
import org.apache.kafka.common.message.DeleteTopicsResponseData.DeletableTopicResult;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData.DescribeTopicPartitionsResponseTopic;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopic;
import org.apache.kafka.common.message.OffsetDeleteResponseData.OffsetDeleteResponsePartition;
import org.apache.kafka.common.message.OffsetDeleteResponseData.OffsetDeleteResponseTopic;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData.OffsetForLeaderTopicResult;
import org.apache.kafka.common.message.ProduceResponseData.TopicProduceResponse;

/**
 * Entries of answers that the library keeps in hash tables with linear probing, by keys that the client has chosen: over
 * many that collide these take cubic time. Nobody looks for an entry in an answer that is to be sent, so these find their
 * place by who they are.
 */
public final class AnswerEntries {
    private AnswerEntries() {}

    /** See {@link CreatableTopicResult}. */
    public static final class CreatedTopic extends CreatableTopicResult {
        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /** See {@link DeletableGroupResult}. */
    public static final class DeletedGroup extends DeletableGroupResult {
        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /** See {@link DeleteRecordsTopicResult}. */
    public static final class TrimmedTopic extends DeleteRecordsTopicResult {
        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /** See {@link DeleteRecordsPartitionResult}. */
    public static final class TrimmedPartition extends DeleteRecordsPartitionResult {
        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /** See {@link DeletableTopicResult}. */
    public static final class DeletedTopic extends DeletableTopicResult {
        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /** See {@link DescribeTopicPartitionsResponseTopic}. */
    public static final class DescribedTopic extends DescribeTopicPartitionsResponseTopic {
        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /** See {@link MetadataResponseTopic}. */
    public static final class TopicMetadata extends MetadataResponseTopic {
        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /** See {@link OffsetDeleteResponseTopic}. */
    public static final class PositionsTopic extends OffsetDeleteResponseTopic {
        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /** See {@link OffsetDeleteResponsePartition}. */
    public static final class PositionsPartition extends OffsetDeleteResponsePartition {
        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /** See {@link OffsetForLeaderTopicResult}. */
    public static final class EpochsTopic extends OffsetForLeaderTopicResult {
        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /** See {@link TopicProduceResponse}. */
    public static final class ProducedTopic extends TopicProduceResponse {
        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }
}

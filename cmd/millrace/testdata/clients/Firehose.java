import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.firehose.FirehoseClient;
import software.amazon.awssdk.services.firehose.model.*;

/**
 * The AWS SDK for Java 2 calls all twelve operations of Firehose. Its last line
 * is "done"; whatever is not as AWS answers it throws.
 */
public class Firehose {
  static FirehoseClient client;
  static String name;

  public static void main(String[] args) throws Exception {
    name = args[0];
    client = FirehoseClient.builder().overrideConfiguration(c -> c.retryStrategy(r -> r.maxAttempts(1))).build();
    client.createDeliveryStream(r -> r.deliveryStreamName(name)
        .extendedS3DestinationConfiguration(s -> s
            .roleARN("arn:aws:iam::000000000000:role/writer").bucketARN("arn:aws:s3:::" + args[1]).prefix(name + "/")
            .bufferingHints(h -> h.sizeInMBs(1).intervalInSeconds(1))
            .processingConfiguration(p -> p.enabled(true).processors(Processor.builder().type(ProcessorType.APPEND_DELIMITER_TO_RECORD).build())))
        .tags(Tag.builder().key("team").value("web").build()));
    DeliveryStreamDescription d = until("active", x -> x.deliveryStreamStatus() == DeliveryStreamStatus.ACTIVE);
    check(d.versionId().equals("1") && d.createTimestamp() != null, d);
    check(client.listDeliveryStreams(r -> r.limit(10000)).deliveryStreamNames().contains(name), "not listed");

    PutRecordResponse one = client.putRecord(r -> r.deliveryStreamName(name).record(x -> x.data(SdkBytes.fromUtf8String("first"))));
    check(!one.recordId().isEmpty() && !one.encrypted(), one);
    PutRecordBatchResponse batch = client.putRecordBatch(r -> r.deliveryStreamName(name).records(
        record("a\u00e9\0"), record("b\u00e9\0"), record("c\u00e9\0")));
    Set<String> ids = new HashSet<>();
    batch.requestResponses().forEach(e -> ids.add(e.recordId()));
    check(batch.failedPutCount() == 0 && ids.size() == 3, batch);

    String destination = d.destinations().get(0).destinationId();
    client.updateDestination(r -> r.deliveryStreamName(name).currentDeliveryStreamVersionId("1").destinationId(destination)
        .extendedS3DestinationUpdate(u -> u.bufferingHints(h -> h.sizeInMBs(2).intervalInSeconds(2))));
    d = until("updated", x -> x.versionId().equals("2"));
    ExtendedS3DestinationDescription s3 = d.destinations().get(0).extendedS3DestinationDescription();
    check(s3.bufferingHints().sizeInMBs() == 2 && s3.prefix().equals(name + "/"), s3);
    refused(ConcurrentModificationException.class, () -> client.updateDestination(r -> r.deliveryStreamName(name)
        .currentDeliveryStreamVersionId("1").destinationId(destination).extendedS3DestinationUpdate(u -> u.prefix("other/"))));

    client.tagDeliveryStream(r -> r.deliveryStreamName(name).tags(Tag.builder().key("stage").value("test").build()));
    client.untagDeliveryStream(r -> r.deliveryStreamName(name).tagKeys("team"));
    List<Tag> tags = client.listTagsForDeliveryStream(r -> r.deliveryStreamName(name)).tags();
    check(tags.size() == 1 && tags.get(0).key().equals("stage"), tags);

    client.startDeliveryStreamEncryption(r -> r.deliveryStreamName(name));
    until("encrypted", x -> x.deliveryStreamEncryptionConfiguration().status() == DeliveryStreamEncryptionStatus.ENABLED);
    check(client.putRecord(r -> r.deliveryStreamName(name).record(record("last"))).encrypted(), "not encrypted");
    client.stopDeliveryStreamEncryption(r -> r.deliveryStreamName(name));
    until("decrypted", x -> x.deliveryStreamEncryptionConfiguration().status() == DeliveryStreamEncryptionStatus.DISABLED);

    refused(ResourceNotFoundException.class, () -> client.putRecord(r -> r.deliveryStreamName("nowhere").record(record("x"))));
    refused(FirehoseException.class, () -> client.putRecord(r -> r.deliveryStreamName(name).record(x -> x.data(SdkBytes.fromByteArray(new byte[1024001])))));
    if (args.length > 2 && args[2].equals("delete")) {
      client.deleteDeliveryStream(r -> r.deliveryStreamName(name));
    }
    System.out.println("done");
  }

  static software.amazon.awssdk.services.firehose.model.Record record(String text) {
    return software.amazon.awssdk.services.firehose.model.Record.builder().data(SdkBytes.fromUtf8String(text)).build();
  }

  static DeliveryStreamDescription until(String what, Predicate<DeliveryStreamDescription> holds) throws Exception {
    for (int i = 0; i < 300; i++) {
      DeliveryStreamDescription d = client.describeDeliveryStream(r -> r.deliveryStreamName(name)).deliveryStreamDescription();
      if (holds.test(d)) {
        return d;
      }
      Thread.sleep(50);
    }
    throw new AssertionError("never " + what);
  }

  static void check(boolean holds, Object shown) {
    if (!holds) {
      throw new AssertionError(shown.toString());
    }
  }

  static void refused(Class<? extends FirehoseException> as, Runnable call) {
    try {
      call.run();
    } catch (FirehoseException e) {
      check(as.isInstance(e), e);
      return;
    }
    throw new AssertionError("not refused with " + as.getSimpleName());
  }
}

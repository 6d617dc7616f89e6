// The AWS SDK for JavaScript calls all twelve operations of Firehose. Its last
// line is "done"; whatever is not as AWS answers it throws.
const assert = require("node:assert");
const {
  FirehoseClient, CreateDeliveryStreamCommand, DescribeDeliveryStreamCommand, ListDeliveryStreamsCommand, PutRecordCommand,
  PutRecordBatchCommand, UpdateDestinationCommand, TagDeliveryStreamCommand, UntagDeliveryStreamCommand, ListTagsForDeliveryStreamCommand,
  StartDeliveryStreamEncryptionCommand, StopDeliveryStreamEncryptionCommand, DeleteDeliveryStreamCommand,
} = require("@aws-sdk/client-firehose");

const name = process.argv[2], bucket = process.argv[3];
const client = new FirehoseClient({ maxAttempts: 1 });
const send = (command) => client.send(command);
const describe = async () => (await send(new DescribeDeliveryStreamCommand({ DeliveryStreamName: name }))).DeliveryStreamDescription;

async function until(what, holds) {
  for (let i = 0; i < 300; i++) {
    const description = await describe();
    if (holds(description)) return description;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("never " + what);
}

async function main() {
  await send(new CreateDeliveryStreamCommand({
    DeliveryStreamName: name,
    ExtendedS3DestinationConfiguration: {
      RoleARN: "arn:aws:iam::000000000000:role/writer", BucketARN: "arn:aws:s3:::" + bucket, Prefix: name + "/",
      BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 1 }, CompressionFormat: "UNCOMPRESSED",
      ProcessingConfiguration: { Enabled: true, Processors: [{ Type: "AppendDelimiterToRecord" }] },
    },
    Tags: [{ Key: "team", Value: "web" }],
  }));
  let d = await until("active", (d) => d.DeliveryStreamStatus === "ACTIVE");
  assert.equal(d.VersionId, "1");
  assert.ok(d.CreateTimestamp instanceof Date);
  assert.ok((await send(new ListDeliveryStreamsCommand({ Limit: 10000 }))).DeliveryStreamNames.includes(name));

  const one = await send(new PutRecordCommand({ DeliveryStreamName: name, Record: { Data: Buffer.from("first") } }));
  assert.ok(one.RecordId.length > 0 && one.Encrypted === false);
  const batch = await send(new PutRecordBatchCommand({
    DeliveryStreamName: name, Records: [..."abc"].map((letter) => ({ Data: Buffer.from(letter + "\u00e9\u0000") })),
  }));
  assert.equal(batch.FailedPutCount, 0);
  assert.equal(new Set(batch.RequestResponses.map((r) => r.RecordId)).size, 3);

  await send(new UpdateDestinationCommand({
    DeliveryStreamName: name, CurrentDeliveryStreamVersionId: "1", DestinationId: d.Destinations[0].DestinationId,
    ExtendedS3DestinationUpdate: { BufferingHints: { SizeInMBs: 2, IntervalInSeconds: 2 } },
  }));
  d = await until("updated", (d) => d.VersionId === "2");
  assert.equal(d.Destinations[0].ExtendedS3DestinationDescription.BufferingHints.SizeInMBs, 2);
  assert.equal(d.Destinations[0].ExtendedS3DestinationDescription.Prefix, name + "/");
  await assert.rejects(send(new UpdateDestinationCommand({
    DeliveryStreamName: name, CurrentDeliveryStreamVersionId: "1", DestinationId: d.Destinations[0].DestinationId,
    ExtendedS3DestinationUpdate: { Prefix: "other/" },
  })), { name: "ConcurrentModificationException" });

  await send(new TagDeliveryStreamCommand({ DeliveryStreamName: name, Tags: [{ Key: "stage", Value: "test" }] }));
  await send(new UntagDeliveryStreamCommand({ DeliveryStreamName: name, TagKeys: ["team"] }));
  const tags = await send(new ListTagsForDeliveryStreamCommand({ DeliveryStreamName: name }));
  assert.deepEqual(tags.Tags, [{ Key: "stage", Value: "test" }]);

  await send(new StartDeliveryStreamEncryptionCommand({ DeliveryStreamName: name }));
  await until("encrypted", (d) => d.DeliveryStreamEncryptionConfiguration.Status === "ENABLED");
  assert.equal((await send(new PutRecordCommand({ DeliveryStreamName: name, Record: { Data: Buffer.from("last") } }))).Encrypted, true);
  await send(new StopDeliveryStreamEncryptionCommand({ DeliveryStreamName: name }));
  await until("decrypted", (d) => d.DeliveryStreamEncryptionConfiguration.Status === "DISABLED");

  await assert.rejects(send(new PutRecordCommand({ DeliveryStreamName: "nowhere", Record: { Data: Buffer.from("x") } })),
    { name: "ResourceNotFoundException" });
  await assert.rejects(send(new PutRecordCommand({ DeliveryStreamName: name, Record: { Data: Buffer.alloc(1024001) } })),
    (e) => /1024000/.test(e.message));
  if (process.argv[4] === "delete") {
    await send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: name }));
  }
  console.log("done");
}

main().catch((e) => { console.error(e); process.exit(1); });

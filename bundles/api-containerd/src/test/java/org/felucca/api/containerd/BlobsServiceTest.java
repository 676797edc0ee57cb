package org.felucca.api.containerd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.felucca.api.containerd.TestingStores.assertCode;
import static org.felucca.api.containerd.TestingStores.digest;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.FieldMask;
import io.grpc.Channel;
import io.grpc.Status.Code;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.felucca.api.containerd.wire.content.AbortRequest;
import org.felucca.api.containerd.wire.content.ContentGrpc;
import org.felucca.api.containerd.wire.content.DeleteContentRequest;
import org.felucca.api.containerd.wire.content.Info;
import org.felucca.api.containerd.wire.content.InfoRequest;
import org.felucca.api.containerd.wire.content.ListContentRequest;
import org.felucca.api.containerd.wire.content.ListStatusesRequest;
import org.felucca.api.containerd.wire.content.ReadContentRequest;
import org.felucca.api.containerd.wire.content.Status;
import org.felucca.api.containerd.wire.content.StatusRequest;
import org.felucca.api.containerd.wire.content.UpdateRequest;
import org.felucca.api.containerd.wire.content.WriteAction;
import org.felucca.api.containerd.wire.content.WriteContentRequest;
import org.felucca.api.containerd.wire.content.WriteContentResponse;
import org.felucca.api.containerd.wire.leases.CreateRequest;
import org.felucca.api.containerd.wire.leases.LeasesGrpc;
import org.felucca.api.containerd.wire.leases.ListResourcesRequest;
import org.felucca.api.containerd.wire.leases.Resource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** containerd's content protocol, message by message. */
@Timeout(120)
class BlobsServiceTest {
  private static final byte[] TEXT = "what is written".getBytes(UTF_8);

  @TempDir Path root;
  private TestingStores stores;
  private String name;

  @BeforeEach
  void start() throws Exception {
    stores = new TestingStores(root);
    name = digest(TEXT);
  }

  @AfterEach
  void stop() {
    stores.close();
  }

  private Channel moby() {
    return stores.in("moby");
  }

  private ContentGrpc.ContentBlockingStub content() {
    return ContentGrpc.newBlockingStub(moby());
  }

  /** One stream of Write that a test speaks message by message. */
  private static final class Writing {
    final BlockingClientCall<WriteContentRequest, WriteContentResponse> call;

    Writing(Channel channel) {
      call = ContentGrpc.newBlockingV2Stub(channel).write();
    }

    WriteContentResponse say(WriteContentRequest request) throws Exception {
      call.write(request);
      return call.read();
    }

    Code refusal(WriteContentRequest request) {
      StatusException failure = assertThrows(StatusException.class, () -> say(request));
      return failure.getStatus().getCode();
    }

    void end() throws Exception {
      call.halfClose();
      assertFalse(call.hasNext());
    }
  }

  private static WriteContentRequest.Builder message(WriteAction action, String ref) {
    return WriteContentRequest.newBuilder().setAction(action).setRef(ref);
  }

  private static WriteContentRequest write(String ref, long offset, byte[] data) {
    return message(WriteAction.WRITE, ref)
        .setOffset(offset)
        .setData(ByteString.copyFrom(data))
        .build();
  }

  private static WriteContentRequest commit(String ref, long offset, String expected) {
    return message(WriteAction.COMMIT, ref)
        .setOffset(offset)
        .setTotal(offset)
        .setExpected(expected)
        .putLabels("a", "b")
        .build();
  }

  private void store(Channel channel, String ref, byte[] data) throws Exception {
    Writing writing = new Writing(channel);
    writing.say(write(ref, 0, data));
    writing.say(commit(ref, data.length, digest(data)));
    writing.end();
  }

  @Test
  void write_statWriteCommit_answersEachAndStores() throws Exception {
    Writing writing = new Writing(moby());
    WriteContentResponse stat =
        writing.say(message(WriteAction.STAT, "r").setTotal(TEXT.length).build());
    assertEquals(WriteAction.STAT, stat.getAction());
    assertEquals(0, stat.getOffset());
    assertEquals(TEXT.length, stat.getTotal());
    assertTrue(stat.hasStartedAt() && stat.hasUpdatedAt());
    WriteContentResponse written = writing.say(write("r", 0, TEXT));
    assertEquals(TEXT.length, written.getOffset());
    assertEquals(name, written.getDigest());
    WriteContentResponse committed = writing.say(commit("", TEXT.length, name));
    assertEquals(WriteAction.COMMIT, committed.getAction());
    assertEquals(TEXT.length, committed.getOffset());
    assertEquals(name, committed.getDigest());
    writing.end();
    Info info = content().info(InfoRequest.newBuilder().setDigest(name).build()).getInfo();
    assertEquals(TEXT.length, info.getSize());
    assertEquals(Map.of("a", "b"), info.getLabelsMap());
  }

  @Test
  void write_commitWithData_storesIt() throws Exception {
    Writing writing = new Writing(moby());
    writing.say(commit("r", 0, "").toBuilder().setData(ByteString.copyFrom(TEXT)).build());
    writing.end();
    assertArrayEqualsRead(0, 0, TEXT);
  }

  @Test
  void write_withoutRef_isInvalid() {
    assertEquals(
        Code.INVALID_ARGUMENT, new Writing(moby()).refusal(message(WriteAction.STAT, "").build()));
    assertEquals(
        Code.INVALID_ARGUMENT,
        new Writing(moby())
            .refusal(message(WriteAction.STAT, "r").setExpected("sha256:x").build()));
    assertEquals(
        Code.FAILED_PRECONDITION,
        new Writing(stores.plain()).refusal(message(WriteAction.STAT, "r").build()));
  }

  @Test
  void write_busyRef_isUnavailableUntilTheOtherEnds() throws Exception {
    Writing first = new Writing(moby());
    first.say(write("r", 0, TEXT));
    assertEquals(
        Code.UNAVAILABLE, new Writing(moby()).refusal(message(WriteAction.STAT, "r").build()));
    // The same reference in another namespace is another ingest.
    new Writing(stores.in("other")).say(message(WriteAction.STAT, "r").build());
    first.end();
    assertEquals(
        TEXT.length, new Writing(moby()).say(message(WriteAction.STAT, "r").build()).getOffset());
  }

  @Test
  void write_clientThatDies_leavesAnIngestThatOneCanResume() throws Exception {
    Writing first = new Writing(moby());
    first.say(write("r", 0, TEXT));
    first.call.cancel("dies", null);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      try {
        Writing second = new Writing(moby());
        assertEquals(TEXT.length, second.say(message(WriteAction.STAT, "r").build()).getOffset());
        second.say(commit("r", TEXT.length, name));
        second.end();
        break;
      } catch (StatusException e) {
        assertEquals(Code.UNAVAILABLE, e.getStatus().getCode());
        assertTrue(System.nanoTime() < end, "the reference stays locked");
        Thread.sleep(10);
      }
    }
    assertArrayEqualsRead(0, 0, TEXT);
  }

  @Test
  void write_offsets_zeroBeginsAnewAnyOtherMustBeTheLength() throws Exception {
    Writing writing = new Writing(moby());
    writing.say(write("r", 0, "something else, longer than the text".getBytes(UTF_8)));
    assertEquals(TEXT.length, writing.say(write("r", 0, TEXT)).getOffset());
    assertEquals(Code.OUT_OF_RANGE, writing.refusal(write("r", TEXT.length + 1, new byte[] {1})));
    Writing again = new Writing(moby());
    long offset = again.say(message(WriteAction.STAT, "r").build()).getOffset();
    assertEquals(TEXT.length, offset);
    again.say(commit("r", offset, name));
    again.end();
  }

  @Test
  void write_knownDigest_abortsTheIngestAndSaysSo() throws Exception {
    store(moby(), "first", TEXT);
    assertEquals(
        Code.ALREADY_EXISTS,
        new Writing(moby()).refusal(message(WriteAction.STAT, "second").setExpected(name).build()));
    Writing late = new Writing(moby());
    late.say(write("third", 0, TEXT));
    assertEquals(Code.ALREADY_EXISTS, late.refusal(commit("third", TEXT.length, name)));
    assertEquals(
        List.of(),
        content().listStatuses(ListStatusesRequest.getDefaultInstance()).getStatusesList());
  }

  @Test
  void write_wrongSizeOrDigest_isAFailedPrecondition() throws Exception {
    Writing digest = new Writing(moby());
    digest.say(write("r", 0, TEXT));
    assertEquals(
        Code.FAILED_PRECONDITION, digest.refusal(commit("r", TEXT.length, digest(new byte[] {1}))));
    Writing size = new Writing(moby());
    size.say(write("s", 0, TEXT));
    assertEquals(
        Code.FAILED_PRECONDITION,
        size.refusal(commit("s", TEXT.length, name).toBuilder().setTotal(TEXT.length + 1).build()));
    assertCode(
        Code.NOT_FOUND, () -> content().info(InfoRequest.newBuilder().setDigest(name).build()));
  }

  @Test
  void write_blobOfAnotherNamespace_opensFullAndTakesNoBytes() throws Exception {
    store(stores.in("other"), "r", TEXT);
    assertCode(
        Code.NOT_FOUND, () -> content().info(InfoRequest.newBuilder().setDigest(name).build()));
    Writing writing = new Writing(moby());
    WriteContentResponse stat =
        writing.say(message(WriteAction.STAT, "r").setExpected(name).setTotal(TEXT.length).build());
    assertEquals(TEXT.length, stat.getOffset());
    writing.say(commit("r", TEXT.length, name));
    writing.end();
    assertArrayEqualsRead(0, 0, TEXT);
  }

  @Test
  void write_underALease_leasesTheBlobAlsoWhenItExists() throws Exception {
    store(moby(), "r", TEXT);
    LeasesGrpc.LeasesBlockingStub leases = LeasesGrpc.newBlockingStub(moby());
    leases.create(CreateRequest.newBuilder().setId("l").build());
    assertEquals(
        Code.ALREADY_EXISTS,
        new Writing(stores.in("moby", "l"))
            .refusal(message(WriteAction.STAT, "again").setExpected(name).build()));
    byte[] other = "another".getBytes(UTF_8);
    store(stores.in("moby", "l"), "other", other);
    assertEquals(
        java.util.Set.of(name, digest(other)),
        leases
            .listResources(ListResourcesRequest.newBuilder().setId("l").build())
            .getResourcesList()
            .stream()
            .map(Resource::getId)
            .collect(java.util.stream.Collectors.toSet()));
    assertEquals(
        Code.NOT_FOUND,
        new Writing(stores.in("moby", "nobody's")).refusal(message(WriteAction.STAT, "x").build()));
  }

  private void assertArrayEqualsRead(long offset, long size, byte[] expected) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    var pieces =
        content()
            .read(
                ReadContentRequest.newBuilder()
                    .setDigest(digest(TEXT))
                    .setOffset(offset)
                    .setSize(size)
                    .build());
    while (pieces.hasNext()) {
      pieces.next().getData().writeTo(out);
    }
    assertEquals(new String(expected, UTF_8), out.toString(UTF_8));
  }

  @Test
  void read_ranges_areAsContainerdCutsThem() throws Exception {
    store(moby(), "r", TEXT);
    assertArrayEqualsRead(0, 0, TEXT);
    assertArrayEqualsRead(5, 0, Arrays.copyOfRange(TEXT, 5, TEXT.length));
    assertArrayEqualsRead(5, 2, "is".getBytes(UTF_8));
    assertArrayEqualsRead(5, 1000, Arrays.copyOfRange(TEXT, 5, TEXT.length));
    assertArrayEqualsRead(-3, 4, "what".getBytes(UTF_8));
    assertArrayEqualsRead(TEXT.length, 0, new byte[0]);
    for (ReadContentRequest beyond :
        List.of(
            ReadContentRequest.newBuilder().setDigest(name).setOffset(TEXT.length + 1).build())) {
      assertCode(Code.OUT_OF_RANGE, () -> content().read(beyond).hasNext());
    }
    assertCode(
        Code.INVALID_ARGUMENT,
        () -> content().read(ReadContentRequest.newBuilder().setDigest("x").build()).hasNext());
  }

  @Test
  void read_largeBlob_comesInPiecesWithTheirOffsets() throws Exception {
    byte[] large = new byte[(2 << 20) + 17];
    new java.util.Random(7).nextBytes(large);
    Writing writing = new Writing(moby());
    long at = 0;
    while (at < large.length) {
      byte[] piece =
          Arrays.copyOfRange(large, (int) at, (int) Math.min(large.length, at + 300_000));
      at = writing.say(write("r", at, piece)).getOffset();
    }
    writing.say(commit("r", large.length, digest(large)));
    writing.end();
    var pieces = content().read(ReadContentRequest.newBuilder().setDigest(digest(large)).build());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    while (pieces.hasNext()) {
      var piece = pieces.next();
      assertEquals(out.size(), piece.getOffset());
      piece.getData().writeTo(out);
    }
    assertTrue(Arrays.equals(large, out.toByteArray()));
  }

  @Test
  void update_masks_areContainerds() throws Exception {
    store(moby(), "r", TEXT);
    Info labels =
        Info.newBuilder().setDigest(name).putLabels("a.b/c.d", "1").putLabels("e", "2").build();
    assertEquals(Map.of("a", "b", "a.b/c.d", "1"), update(labels, "labels.a.b/c.d").getLabelsMap());
    assertEquals(Map.of("a.b/c.d", "1", "e", "2"), update(labels).getLabelsMap());
    assertEquals(
        Map.of("e", "2"),
        update(Info.newBuilder().setDigest(name).build(), "labels.a.b/c.d").getLabelsMap());
    assertCode(Code.INVALID_ARGUMENT, () -> update(labels, "size"));
    assertCode(
        Code.INVALID_ARGUMENT,
        () ->
            update(
                Info.newBuilder().setDigest(name).putLabels("k", "v".repeat(4096)).build(),
                "labels.k"));
    update(Info.newBuilder().setDigest(name).putLabels("k", "v".repeat(4095)).build(), "labels.k");
  }

  private Info update(Info info, String... paths) {
    return content()
        .update(
            UpdateRequest.newBuilder()
                .setInfo(info)
                .setUpdateMask(FieldMask.newBuilder().addAllPaths(List.of(paths)))
                .build())
        .getInfo();
  }

  @Test
  void list_filters_areTheOneGrammar() throws Exception {
    for (int i = 0; i < 230; i++) {
      byte[] bytes = ("blob " + i).getBytes(UTF_8);
      Writing writing = new Writing(moby());
      writing.say(
          commit("r" + i, 0, "").toBuilder()
              .setData(ByteString.copyFrom(bytes))
              .clearLabels()
              .putLabels("n", Integer.toString(i))
              .build());
    }
    assertEquals(230, list());
    assertEquals(1, list("labels.n==17"));
    assertEquals(2, list("labels.n==17", "labels.n==18,digest~=^sha256"));
    assertEquals(1, list("digest==" + digest("blob 7".getBytes(UTF_8))));
    assertCode(Code.INVALID_ARGUMENT, () -> list("labels.n=17"));
  }

  private int list(String... filters) {
    List<Info> all = new ArrayList<>();
    content()
        .list(ListContentRequest.newBuilder().addAllFilters(List.of(filters)).build())
        .forEachRemaining(page -> all.addAll(page.getInfoList()));
    return all.size();
  }

  @Test
  void statuses_ofIngests_areFilteredByRef() throws Exception {
    Writing one = new Writing(moby());
    one.say(message(WriteAction.STAT, "layer-1").setTotal(99).setExpected(name).build());
    new Writing(moby()).say(write("layer-2", 0, TEXT));
    new Writing(stores.in("other")).say(write("layer-3", 0, TEXT));
    Status status =
        content().status(StatusRequest.newBuilder().setRef("layer-1").build()).getStatus();
    assertEquals(99, status.getTotal());
    assertEquals(name, status.getExpected());
    assertEquals(
        2, content().listStatuses(ListStatusesRequest.getDefaultInstance()).getStatusesCount());
    assertEquals(
        TEXT.length,
        content()
            .listStatuses(ListStatusesRequest.newBuilder().addFilters("ref~=/-2$/").build())
            .getStatuses(0)
            .getOffset());
    assertCode(
        Code.NOT_FOUND, () -> content().status(StatusRequest.newBuilder().setRef("layer").build()));
    content().abort(AbortRequest.newBuilder().setRef("layer-2").build());
    assertCode(
        Code.NOT_FOUND, () -> content().abort(AbortRequest.newBuilder().setRef("layer-2").build()));
  }

  @Test
  void delete_blob_isOfThisNamespaceOnly() throws Exception {
    store(moby(), "r", TEXT);
    store(stores.in("other"), "r", TEXT);
    content().delete(DeleteContentRequest.newBuilder().setDigest(name).build());
    assertCode(
        Code.NOT_FOUND,
        () -> content().delete(DeleteContentRequest.newBuilder().setDigest(name).build()));
    assertCode(
        Code.INVALID_ARGUMENT,
        () -> content().delete(DeleteContentRequest.newBuilder().setDigest("a").build()));
    assertEquals(
        TEXT.length,
        ContentGrpc.newBlockingStub(stores.in("other"))
            .info(InfoRequest.newBuilder().setDigest(name).build())
            .getInfo()
            .getSize());
  }
}

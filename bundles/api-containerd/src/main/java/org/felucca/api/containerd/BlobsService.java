package org.felucca.api.containerd;

import com.google.protobuf.Empty;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.containerd.wire.content.AbortRequest;
import org.felucca.api.containerd.wire.content.ContentGrpc;
import org.felucca.api.containerd.wire.content.DeleteContentRequest;
import org.felucca.api.containerd.wire.content.Info;
import org.felucca.api.containerd.wire.content.InfoRequest;
import org.felucca.api.containerd.wire.content.InfoResponse;
import org.felucca.api.containerd.wire.content.ListContentRequest;
import org.felucca.api.containerd.wire.content.ListContentResponse;
import org.felucca.api.containerd.wire.content.ListStatusesRequest;
import org.felucca.api.containerd.wire.content.ListStatusesResponse;
import org.felucca.api.containerd.wire.content.ReadContentRequest;
import org.felucca.api.containerd.wire.content.ReadContentResponse;
import org.felucca.api.containerd.wire.content.Status;
import org.felucca.api.containerd.wire.content.StatusRequest;
import org.felucca.api.containerd.wire.content.StatusResponse;
import org.felucca.api.containerd.wire.content.UpdateRequest;
import org.felucca.api.containerd.wire.content.UpdateResponse;
import org.felucca.api.containerd.wire.content.WriteContentRequest;
import org.felucca.api.containerd.wire.content.WriteContentResponse;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.ContentInfo;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Digest;
import org.felucca.api.content.IngestStatus;
import org.felucca.oci.filter.Fields;
import org.felucca.oci.filter.Filters;
import org.felucca.swap.Swap;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** containerd's service Content: blobs and ingests. */
@Component(
    service = BindableService.class,
    property = "grpc.service=containerd.services.content.v1.Content")
public final class BlobsService implements BindableService {
  /** How many records one message of a list carries. */
  private static final int PAGE = 100;

  /** The most bytes that one message of a read carries. */
  private static final int PIECE = 1 << 20;

  private final Swap<ContentService> content;

  /** Begins to watch for the store. */
  @Activate
  public BlobsService(BundleContext context) {
    content = Entrance.to(context, ContentService.class);
  }

  /** Ends every use. */
  @Deactivate
  public void close() {
    content.close();
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(ContentGrpc.getServiceDescriptor())
        .addMethod(ContentGrpc.getInfoMethod(), Methods.unary(this::info))
        .addMethod(ContentGrpc.getUpdateMethod(), Methods.unary(this::update))
        .addMethod(ContentGrpc.getListMethod(), Methods.streaming(this::list))
        .addMethod(ContentGrpc.getDeleteMethod(), Methods.unary(this::delete))
        .addMethod(ContentGrpc.getReadMethod(), Methods.streaming(this::read))
        .addMethod(ContentGrpc.getStatusMethod(), Methods.unary(this::status))
        .addMethod(ContentGrpc.getListStatusesMethod(), Methods.unary(this::listStatuses))
        .addMethod(ContentGrpc.getWriteMethod(), Methods.conversation(this::write))
        .addMethod(ContentGrpc.getAbortMethod(), Methods.unary(this::abort))
        .build();
  }

  private InfoResponse info(InfoRequest request, CallContext call) {
    Digest digest = Digest.parse(request.getDigest());
    return InfoResponse.newBuilder()
        .setInfo(message(content.use(service -> service.info(call.scope(), digest))))
        .build();
  }

  private UpdateResponse update(UpdateRequest request, CallContext call) {
    Digest digest = Digest.parse(request.getInfo().getDigest());
    ContentInfo after =
        content.use(
            service ->
                service.update(
                    call.scope(),
                    digest,
                    request.getInfo().getLabelsMap(),
                    Wire.paths(request.getUpdateMask())));
    return UpdateResponse.newBuilder().setInfo(message(after)).build();
  }

  private void list(
      ListContentRequest request, CallContext call, Answers<ListContentResponse> answers) {
    List<ContentInfo> all =
        content.use(service -> service.list(call.scope(), request.getFiltersList()));
    for (int from = 0; from < all.size(); from += PAGE) {
      ListContentResponse.Builder page = ListContentResponse.newBuilder();
      all.subList(from, Math.min(all.size(), from + PAGE))
          .forEach(info -> page.addInfo(message(info)));
      answers.send(page.build());
    }
  }

  private Empty delete(DeleteContentRequest request, CallContext call) {
    Digest digest = Digest.parse(request.getDigest());
    return content.use(
        service -> {
          service.delete(call.scope(), digest);
          return Empty.getDefaultInstance();
        });
  }

  private void read(
      ReadContentRequest request, CallContext call, Answers<ReadContentResponse> answers) {
    Digest digest = Digest.parse(request.getDigest());
    content.use(
        service -> {
          try (BlobReader blob = service.open(call.scope(), digest)) {
            send(blob, digest, request, answers);
          }
          return true;
        });
  }

  private static void send(
      BlobReader blob,
      Digest digest,
      ReadContentRequest request,
      Answers<ReadContentResponse> answers) {
    long at = Math.max(0, request.getOffset());
    if (at > blob.size()) {
      throw new EngineException(
          ErrorKind.OUT_OF_RANGE,
          "reading %s from %d on: it has %d bytes".formatted(digest, at, blob.size()));
    }
    long left = blob.size() - at;
    if (request.getSize() > 0) {
      left = Math.min(left, request.getSize());
    }
    while (left > 0) {
      ByteBuffer piece = ByteBuffer.allocate((int) Math.min(PIECE, left));
      while (piece.hasRemaining() && blob.read(piece, at + piece.position()) > 0) {}
      if (piece.hasRemaining()) {
        throw new EngineException(
            ErrorKind.INTERNAL,
            "reading %s failed: it ends before its %d bytes".formatted(digest, blob.size()),
            null);
      }
      answers.send(
          ReadContentResponse.newBuilder()
              .setOffset(at)
              .setData(Wire.bytes(piece.array()))
              .build());
      at += piece.capacity();
      left -= piece.capacity();
    }
  }

  private StatusResponse status(StatusRequest request, CallContext call) {
    String ref = request.getRef();
    IngestStatus found =
        content.use(service -> service.ingests(call.scope(), ref)).stream()
            .filter(status -> status.ref().equals(ref))
            .findFirst()
            .orElseThrow(
                () ->
                    EngineException.notFound(
                        "ingest %s does not exist in namespace %s"
                            .formatted(Identifiers.quote(ref), call.namespace())));
    return StatusResponse.newBuilder().setStatus(statusMessage(found)).build();
  }

  private ListStatusesResponse listStatuses(ListStatusesRequest request, CallContext call) {
    Predicate<Fields> filter = Filters.parseAll(request.getFiltersList());
    ListStatusesResponse.Builder all = ListStatusesResponse.newBuilder();
    content.use(service -> service.ingests(call.scope(), "")).stream()
        .filter(status -> filter.test(fields(status)))
        .forEach(status -> all.addStatuses(statusMessage(status)));
    return all.build();
  }

  private static Fields fields(IngestStatus status) {
    return path -> path.getFirst().equals("ref") ? Optional.of(status.ref()) : Optional.empty();
  }

  private void write(
      Requests<WriteContentRequest> requests,
      CallContext call,
      Answers<WriteContentResponse> answers) {
    content.use(
        service -> {
          new BlobWrite(service, call.scope(), requests, answers).run();
          return true;
        });
  }

  private Empty abort(AbortRequest request, CallContext call) {
    return content.use(
        service -> {
          service.abort(call.scope(), request.getRef());
          return Empty.getDefaultInstance();
        });
  }

  private static Info message(ContentInfo info) {
    return Info.newBuilder()
        .setDigest(info.digest().toString())
        .setSize(info.size())
        .setCreatedAt(Wire.time(info.createdAt()))
        .setUpdatedAt(Wire.time(info.updatedAt()))
        .putAllLabels(info.labels())
        .build();
  }

  private static Status statusMessage(IngestStatus status) {
    Digest expected = status.expected();
    return Status.newBuilder()
        .setRef(status.ref())
        .setOffset(status.offset())
        .setTotal(status.total())
        .setExpected(expected == null ? "" : expected.toString())
        .setStartedAt(Wire.time(status.startedAt()))
        .setUpdatedAt(Wire.time(status.updatedAt()))
        .build();
  }
}

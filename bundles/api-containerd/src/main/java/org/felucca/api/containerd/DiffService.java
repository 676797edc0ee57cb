package org.felucca.api.containerd;

import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.containerd.wire.diff.ApplyRequest;
import org.felucca.api.containerd.wire.diff.ApplyResponse;
import org.felucca.api.containerd.wire.diff.DiffGrpc;
import org.felucca.api.containerd.wire.diff.DiffRequest;
import org.felucca.api.containerd.wire.diff.DiffResponse;
import org.felucca.api.containerd.wire.types.Descriptor;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Digest;
import org.felucca.api.content.LabelledIngest;
import org.felucca.api.diff.AppliedLayer;
import org.felucca.api.diff.LayerService;
import org.felucca.api.snapshot.Mount;
import org.felucca.oci.MediaTypes;
import org.felucca.swap.Swap;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Layers between blobs and mounted snapshots, in both directions. */
@Component(
    service = BindableService.class,
    property = "grpc.service=containerd.services.diff.v1.Diff")
public final class DiffService implements BindableService {
  private static final Logger LOG = Logger.getLogger(DiffService.class.getName());

  /** What a layer can be written as. */
  private static final Set<String> WRITTEN =
      Set.of(MediaTypes.OCI_LAYER, MediaTypes.OCI_LAYER_GZIP, MediaTypes.OCI_LAYER_ZSTD);

  private final Swap<ContentService> content;
  private final Swap<LayerService> layers;

  /** Begins to watch for the stores. */
  @Activate
  public DiffService(BundleContext context) {
    content = Entrance.to(context, ContentService.class);
    layers = Entrance.to(context, LayerService.class);
  }

  /** Ends every use. */
  @Deactivate
  public void close() {
    content.close();
    layers.close();
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(DiffGrpc.getServiceDescriptor())
        .addMethod(DiffGrpc.getApplyMethod(), Methods.unary(this::apply))
        .addMethod(DiffGrpc.getDiffMethod(), Methods.unary(this::diff))
        .build();
  }

  private ApplyResponse apply(ApplyRequest request, CallContext call) {
    Scope scope = call.scope();
    Digest digest = Digest.parse(request.getDiff().getDigest());
    List<Mount> mounts = Wire.mounts(request.getMountsList());
    String mediaType = request.getDiff().getMediaType();
    AppliedLayer applied =
        content.use(
            blobs -> {
              try (BlobReader blob = blobs.open(scope, digest);
                  InputStream bytes = blob.stream(0)) {
                return layers.use(
                    l -> l.apply(bytes, mediaType, mounts, digest.toString(), Progress.NONE));
              } catch (IOException e) {
                throw new EngineException(ErrorKind.INTERNAL, "closing " + digest + " failed", e);
              }
            });
    return ApplyResponse.newBuilder()
        .setApplied(
            Wire.descriptor(MediaTypes.OCI_LAYER, applied.diffId(), applied.size(), Map.of()))
        .build();
  }

  private DiffResponse diff(DiffRequest request, CallContext call) {
    Scope scope = call.scope();
    String mediaType =
        request.getMediaType().isEmpty() ? MediaTypes.OCI_LAYER_GZIP : request.getMediaType();
    if (!WRITTEN.contains(mediaType)) {
      throw new EngineException(
          ErrorKind.UNIMPLEMENTED,
          "a layer can't be written as %s; the types are %s, with +gzip, +zstd or nothing after it"
              .formatted(Identifiers.quote(mediaType), MediaTypes.OCI_LAYER));
    }
    String ref = request.getRef().isEmpty() ? "diff-" + UUID.randomUUID() : request.getRef();
    Descriptor made = content.use(blobs -> diff(blobs, scope, ref, mediaType, request));
    return DiffResponse.newBuilder().setDiff(made).build();
  }

  private Descriptor diff(
      ContentService blobs, Scope scope, String ref, String mediaType, DiffRequest request) {
    boolean done = false;
    try (LabelledIngest ingest = blobs.ingest(scope, ref, 0, null)) {
      Descriptor made = fill(blobs, scope, ingest, mediaType, request);
      done = true;
      return made;
    } finally {
      // An ingest that the client named is the client's, as in containerd.
      if (!done && request.getRef().isEmpty()) {
        drop(blobs, scope, ref);
      }
    }
  }

  private Descriptor fill(
      ContentService blobs,
      Scope scope,
      LabelledIngest ingest,
      String mediaType,
      DiffRequest request) {
    if (ingest.status().offset() > 0) {
      ingest.truncate(0);
    }
    AppliedLayer layer =
        layers.use(
            l ->
                l.compare(
                    Wire.mounts(request.getLeftList()),
                    Wire.mounts(request.getRightList()),
                    mediaType,
                    into(ingest)));
    Digest digest = ingest.digest();
    long size = ingest.status().offset();
    Map<String, String> labels = new HashMap<>(request.getLabelsMap());
    labels.put(LayerService.UNCOMPRESSED_LABEL, layer.diffId().toString());
    try {
      ingest.commit(size, digest, labels);
    } catch (EngineException e) {
      // The same changes make the same bytes, so the blob may be there.
      if (e.kind() != ErrorKind.ALREADY_EXISTS) {
        throw e;
      }
      blobs.update(scope, digest, labels, Set.of("labels." + LayerService.UNCOMPRESSED_LABEL));
    }
    return Wire.descriptor(mediaType, digest, size, Map.of());
  }

  private static OutputStream into(LabelledIngest ingest) {
    return new OutputStream() {
      @Override
      public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) {
        ingest.write(ByteBuffer.wrap(bytes, offset, length));
      }
    };
  }

  /** What a failed comparison has left, also when the client has gone. */
  private static void drop(ContentService blobs, Scope scope, String ref) {
    boolean interrupted = Thread.interrupted();
    try {
      blobs.abort(scope, ref);
    } catch (EngineException e) {
      LOG.log(Level.FINE, "ingest gone already ref=" + ref, e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}

package org.felucca.api.containerd;

import com.google.protobuf.Empty;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.containerd.wire.images.CreateImageRequest;
import org.felucca.api.containerd.wire.images.CreateImageResponse;
import org.felucca.api.containerd.wire.images.DeleteImageRequest;
import org.felucca.api.containerd.wire.images.GetImageRequest;
import org.felucca.api.containerd.wire.images.GetImageResponse;
import org.felucca.api.containerd.wire.images.Image;
import org.felucca.api.containerd.wire.images.ImagesGrpc;
import org.felucca.api.containerd.wire.images.ListImagesRequest;
import org.felucca.api.containerd.wire.images.ListImagesResponse;
import org.felucca.api.containerd.wire.images.UpdateImageRequest;
import org.felucca.api.containerd.wire.images.UpdateImageResponse;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.gc.Collector;
import org.felucca.api.image.ImageStore;
import org.felucca.swap.Swap;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Names of images. A synchronous delete answers when what only the name kept is gone. */
@Component(
    service = BindableService.class,
    property = "grpc.service=containerd.services.images.v1.Images")
public final class ImagesService implements BindableService {
  /** Stands for the target of an update that leaves the target alone. */
  private static final Descriptor UNCHANGED =
      new Descriptor("", new Digest(Digest.Algorithm.SHA256, "0".repeat(64)), 0);

  private final Swap<ImageStore> images;
  private final Swap<Collector> collector;

  /** Begins to watch for the store. */
  @Activate
  public ImagesService(BundleContext context) {
    images = Entrance.to(context, ImageStore.class);
    collector = Entrance.to(context, Collector.class);
  }

  /** Ends every use. */
  @Deactivate
  public void close() {
    images.close();
    collector.close();
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(ImagesGrpc.getServiceDescriptor())
        .addMethod(ImagesGrpc.getGetMethod(), Methods.unary(this::get))
        .addMethod(ImagesGrpc.getListMethod(), Methods.unary(this::list))
        .addMethod(ImagesGrpc.getCreateMethod(), Methods.unary(this::create))
        .addMethod(ImagesGrpc.getUpdateMethod(), Methods.unary(this::update))
        .addMethod(ImagesGrpc.getDeleteMethod(), Methods.unary(this::delete))
        .build();
  }

  private GetImageResponse get(GetImageRequest request, CallContext call) {
    return GetImageResponse.newBuilder()
        .setImage(message(images.use(store -> store.get(call.scope(), request.getName()))))
        .build();
  }

  private ListImagesResponse list(ListImagesRequest request, CallContext call) {
    ListImagesResponse.Builder all = ListImagesResponse.newBuilder();
    images
        .use(store -> store.list(call.scope(), request.getFiltersList()))
        .forEach(image -> all.addImages(message(image)));
    return all.build();
  }

  private CreateImageResponse create(CreateImageRequest request, CallContext call) {
    Image image = request.getImage();
    call.scope();
    requireName(image);
    Descriptor target = target(image);
    return CreateImageResponse.newBuilder()
        .setImage(
            message(
                images.use(
                    store ->
                        store.create(call.scope(), image.getName(), target, image.getLabelsMap()))))
        .build();
  }

  private UpdateImageResponse update(UpdateImageRequest request, CallContext call) {
    Image image = request.getImage();
    call.scope();
    requireName(image);
    Set<String> paths = Wire.paths(request.getUpdateMask());
    // A client that changes labels only need not send the target, but its annotations count.
    Descriptor target =
        paths.isEmpty() || paths.contains("target")
            ? target(image)
            : UNCHANGED.withAnnotations(image.getTarget().getAnnotationsMap());
    return UpdateImageResponse.newBuilder()
        .setImage(
            message(
                images.use(
                    store ->
                        store.update(
                            call.scope(), image.getName(), target, image.getLabelsMap(), paths))))
        .build();
  }

  private Empty delete(DeleteImageRequest request, CallContext call) {
    call.scope();
    images.use(
        store -> {
          if (request.hasTarget()) {
            store.delete(
                call.scope(), request.getName(), Digest.parse(request.getTarget().getDigest()));
          } else {
            store.delete(call.scope(), request.getName());
          }
          return true;
        });
    if (request.getSync()) {
      collector.use(Collector::collect);
    }
    return Empty.getDefaultInstance();
  }

  private static void requireName(Image image) {
    if (image.getName().isEmpty()) {
      throw EngineException.invalid("an image must have a name");
    }
  }

  private static Descriptor target(Image image) {
    Descriptor target = Wire.descriptor(image.getTarget());
    if (target.size() == 0) {
      throw EngineException.invalid(
          "the target of image %s must have a size greater than zero"
              .formatted(Identifiers.quote(image.getName())));
    }
    if (target.mediaType().isEmpty()) {
      throw EngineException.invalid(
          "the target of image %s must have a media type"
              .formatted(Identifiers.quote(image.getName())));
    }
    return target;
  }

  private static Image message(org.felucca.api.image.Image image) {
    return Image.newBuilder()
        .setName(image.name())
        .putAllLabels(image.labels())
        .setTarget(Wire.descriptor(image.target()))
        .setCreatedAt(Wire.time(image.createdAt()))
        .setUpdatedAt(Wire.time(image.updatedAt()))
        .build();
  }
}

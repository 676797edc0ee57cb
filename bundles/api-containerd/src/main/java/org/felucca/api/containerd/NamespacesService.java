package org.felucca.api.containerd;

import com.google.protobuf.Empty;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import java.util.Map;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Namespace;
import org.felucca.api.containerd.wire.namespaces.CreateNamespaceRequest;
import org.felucca.api.containerd.wire.namespaces.CreateNamespaceResponse;
import org.felucca.api.containerd.wire.namespaces.DeleteNamespaceRequest;
import org.felucca.api.containerd.wire.namespaces.GetNamespaceRequest;
import org.felucca.api.containerd.wire.namespaces.GetNamespaceResponse;
import org.felucca.api.containerd.wire.namespaces.ListNamespacesRequest;
import org.felucca.api.containerd.wire.namespaces.ListNamespacesResponse;
import org.felucca.api.containerd.wire.namespaces.NamespacesGrpc;
import org.felucca.api.containerd.wire.namespaces.UpdateNamespaceRequest;
import org.felucca.api.containerd.wire.namespaces.UpdateNamespaceResponse;
import org.felucca.api.namespace.NamespaceStore;
import org.felucca.swap.Swap;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/**
 * Namespaces and their labels. A namespace that nobody has made yet has no labels, which is no
 * failure: clients ask for defaults before they make the first record.
 */
@Component(
    service = BindableService.class,
    property = "grpc.service=containerd.services.namespaces.v1.Namespaces")
public final class NamespacesService implements BindableService {
  private final Swap<NamespaceStore> namespaces;

  /** Begins to watch for the store. */
  @Activate
  public NamespacesService(BundleContext context) {
    namespaces = Entrance.to(context, NamespaceStore.class);
  }

  /** Ends every use. */
  @Deactivate
  public void close() {
    namespaces.close();
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(NamespacesGrpc.getServiceDescriptor())
        .addMethod(NamespacesGrpc.getGetMethod(), Methods.unary(this::get))
        .addMethod(NamespacesGrpc.getListMethod(), Methods.unary(this::list))
        .addMethod(NamespacesGrpc.getCreateMethod(), Methods.unary(this::create))
        .addMethod(NamespacesGrpc.getUpdateMethod(), Methods.unary(this::update))
        .addMethod(NamespacesGrpc.getDeleteMethod(), Methods.unary(this::delete))
        .build();
  }

  private GetNamespaceResponse get(GetNamespaceRequest request, CallContext call) {
    String name = request.getName();
    Map<String, String> labels = namespaces.use(store -> labels(store, name));
    return GetNamespaceResponse.newBuilder().setNamespace(message(name, labels)).build();
  }

  private static Map<String, String> labels(NamespaceStore store, String name) {
    try {
      return store.labels(known(name));
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND) {
        throw e;
      }
      return Map.of();
    }
  }

  private ListNamespacesResponse list(ListNamespacesRequest request, CallContext call) {
    ListNamespacesResponse.Builder all = ListNamespacesResponse.newBuilder();
    namespaces.use(
        store -> {
          store
              .list()
              .forEach(
                  name -> all.addNamespaces(message(name.value(), labels(store, name.value()))));
          return true;
        });
    return all.build();
  }

  private CreateNamespaceResponse create(CreateNamespaceRequest request, CallContext call) {
    Namespace name = new Namespace(request.getNamespace().getName());
    Map<String, String> labels = request.getNamespace().getLabelsMap();
    Map<String, String> kept =
        namespaces.use(
            store -> {
              store.create(name, labels);
              return store.labels(name);
            });
    return CreateNamespaceResponse.newBuilder().setNamespace(message(name.value(), kept)).build();
  }

  private UpdateNamespaceResponse update(UpdateNamespaceRequest request, CallContext call) {
    Namespace name = new Namespace(request.getNamespace().getName());
    Map<String, String> labels = request.getNamespace().getLabelsMap();
    Set<String> paths = Wire.paths(request.getUpdateMask());
    if (paths.contains("labels")) {
      // containerd takes the path of a single label only, here and nowhere else.
      throw EngineException.invalid(
          "cannot update \"labels\" field of namespace %s; name labels one by one, or no field at all"
              .formatted(name));
    }
    Map<String, String> after = namespaces.use(store -> store.update(name, labels, paths));
    return UpdateNamespaceResponse.newBuilder().setNamespace(message(name.value(), after)).build();
  }

  private Empty delete(DeleteNamespaceRequest request, CallContext call) {
    Namespace name = known(request.getName());
    return namespaces.use(
        store -> {
          store.delete(name);
          return Empty.getDefaultInstance();
        });
  }

  /** A namespace that may be there; a name that none can have is not found. */
  private static Namespace known(String name) {
    try {
      return new Namespace(name);
    } catch (EngineException e) {
      throw EngineException.notFound(
          "namespace %s does not exist".formatted(Identifiers.quote(name)));
    }
  }

  private static org.felucca.api.containerd.wire.namespaces.Namespace message(
      String name, Map<String, String> labels) {
    return org.felucca.api.containerd.wire.namespaces.Namespace.newBuilder()
        .setName(name)
        .putAllLabels(labels)
        .build();
  }
}

package org.felucca.api.containerd;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Any;
import com.google.protobuf.Empty;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.containerd.wire.introspection.IntrospectionGrpc;
import org.felucca.api.containerd.wire.introspection.Plugin;
import org.felucca.api.containerd.wire.introspection.PluginInfoRequest;
import org.felucca.api.containerd.wire.introspection.PluginInfoResponse;
import org.felucca.api.containerd.wire.introspection.PluginsRequest;
import org.felucca.api.containerd.wire.introspection.PluginsResponse;
import org.felucca.api.containerd.wire.introspection.ServerResponse;
import org.felucca.api.containerd.wire.types.RuntimeInfo;
import org.felucca.api.containerd.wire.types.RuntimeRequest;
import org.felucca.api.containerd.wire.types.RuntimeVersion;
import org.felucca.api.runtime.RuntimeService;
import org.felucca.api.runtime.RuntimeView;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.oci.filter.Fields;
import org.felucca.oci.filter.Filters;
import org.felucca.swap.Swap;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Who the engine is, and what it is made of. */
@Component(
    service = BindableService.class,
    property = "grpc.service=containerd.services.introspection.v1.Introspection")
public final class IntrospectionService implements BindableService {
  /** The type of what an OCI runtime says of itself, as JSON. */
  private static final String FEATURES =
      "types.containerd.io/opencontainers/runtime-spec/1/features/Features";

  private final Swap<SnapshotService> snapshots;
  private final Swap<RuntimeService> runtimes;
  private final PluginList plugins;
  private final String uuid;
  private final long pidNamespace;

  /** Reads or makes the engine's UUID. */
  @Activate
  public IntrospectionService(BundleContext context) {
    snapshots = Entrance.to(context, SnapshotService.class);
    runtimes = Entrance.to(context, RuntimeService.class);
    plugins = new PluginList(context, snapshots);
    uuid = EngineIdentity.of(Path.of(context.getProperty("felucca.root")));
    pidNamespace = pidNamespace();
  }

  /** Ends every use. */
  @Deactivate
  public void close() {
    snapshots.close();
    runtimes.close();
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(IntrospectionGrpc.getServiceDescriptor())
        .addMethod(IntrospectionGrpc.getPluginsMethod(), Methods.unary(this::plugins))
        .addMethod(IntrospectionGrpc.getServerMethod(), Methods.unary(this::server))
        .addMethod(IntrospectionGrpc.getPluginInfoMethod(), Methods.unary(this::pluginInfo))
        .build();
  }

  private ServerResponse server(Empty request, CallContext call) {
    return ServerResponse.newBuilder()
        .setUuid(uuid)
        .setPid(ProcessHandle.current().pid())
        .setPidns(pidNamespace)
        .build();
  }

  /** The inode of the pid namespace, of which the link says {@code pid:[4026531836]}. */
  private static long pidNamespace() {
    Path link = Path.of("/proc/self/ns/pid");
    try {
      String target = Files.readSymbolicLink(link).toString();
      return Long.parseLong(target.substring(target.indexOf('[') + 1, target.indexOf(']')));
    } catch (IOException | NumberFormatException e) {
      throw new EngineException(
          ErrorKind.INTERNAL, "the pid namespace can't be read from " + link + ": " + e, e);
    }
  }

  private PluginsResponse plugins(PluginsRequest request, CallContext call) {
    Predicate<Fields> filter = Filters.parseAll(request.getFiltersList());
    PluginsResponse.Builder found = PluginsResponse.newBuilder();
    plugins.all().stream().filter(p -> filter.test(fields(p))).forEach(found::addPlugins);
    return found.build();
  }

  private static Fields fields(Plugin plugin) {
    return path ->
        switch (path.getFirst()) {
          case "type" -> Optional.of(plugin.getType());
          case "id" -> Optional.of(plugin.getId());
          case "capabilities" ->
              Optional.of(String.join(",", plugin.getCapabilitiesList())).filter(c -> !c.isEmpty());
          default -> Optional.empty();
        };
  }

  private PluginInfoResponse pluginInfo(PluginInfoRequest request, CallContext call) {
    Plugin plugin =
        plugins.all().stream()
            .filter(p -> p.getType().equals(request.getType()))
            .filter(p -> p.getId().equals(request.getId()))
            .findFirst()
            .orElseThrow(
                () ->
                    EngineException.notFound(
                        "plugin %s of type %s does not exist"
                            .formatted(
                                Identifiers.quote(request.getId()),
                                Identifiers.quote(request.getType()))));
    PluginInfoResponse.Builder answer = PluginInfoResponse.newBuilder().setPlugin(plugin);
    if (plugin.getType().equals(PluginList.RUNTIME_TYPE) && request.hasOptions()) {
      answer.setExtra(Wire.any(runtimeInfo(request.getOptions())));
    }
    return answer.build();
  }

  private RuntimeInfo runtimeInfo(Any options) {
    RuntimeRequest request;
    try {
      request = RuntimeRequest.parseFrom(options.getValue());
    } catch (InvalidProtocolBufferException e) {
      throw EngineException.invalid(
          "the options of type %s are no containerd.types.RuntimeRequest"
              .formatted(Identifiers.quote(options.getTypeUrl())));
    }
    RuntimeView view = runtime(request.getRuntimePath(), runtimes.use(RuntimeService::list));
    org.felucca.api.runtime.RuntimeInfo info = view.info();
    if (info == null) {
      throw EngineException.precondition(
          "runtime %s can't be used: %s".formatted(view.name(), view.problem()));
    }
    RuntimeInfo.Builder answer =
        RuntimeInfo.newBuilder()
            .setName(view.name())
            .setVersion(RuntimeVersion.newBuilder().setVersion(info.version()))
            .putAnnotations("felucca.binary", info.binary().toString());
    if (request.hasOptions()) {
      answer.setOptions(request.getOptions());
    }
    if (!info.features().isEmpty()) {
      answer.setFeatures(
          Any.newBuilder()
              .setTypeUrl(FEATURES)
              .setValue(Wire.bytes(info.features().getBytes(UTF_8))));
    }
    return answer.build();
  }

  private static RuntimeView runtime(String name, List<RuntimeView> all) {
    return all.stream()
        .filter(
            view ->
                name.isEmpty()
                    ? view.isDefault()
                    : view.name().equals(name) || view.aliases().contains(name))
        .findFirst()
        .orElseThrow(
            () ->
                EngineException.notFound(
                    "runtime %s does not exist".formatted(Identifiers.quote(name))));
  }
}

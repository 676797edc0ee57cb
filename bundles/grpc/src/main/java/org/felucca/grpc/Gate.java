package org.felucca.grpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.linux.ProcessId;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/**
 * Lets calls in, and tells the services who calls.
 *
 * <p>A client for whom there are rules may do what they say. Where there are none, whoever could
 * connect to the unix socket may do all, since only root and the socket's group can; a remote
 * client may do nothing.
 */
@Component(service = Gate.class)
public final class Gate implements ServerInterceptor {
  /**
   * Who calls, for services: the process of a client on the unix socket as {@code pid:start
   * time:connection}. What a client says under this name is not believed.
   */
  static final Metadata.Key<String> PEER =
      Metadata.Key.of("felucca-peer", Metadata.ASCII_STRING_MARSHALLER);

  private static final Metadata.Key<String> NAMESPACE =
      Metadata.Key.of("containerd-namespace", Metadata.ASCII_STRING_MARSHALLER);

  private static final Logger LOG = Logger.getLogger(Gate.class.getName());

  @Reference(
      cardinality = ReferenceCardinality.MULTIPLE,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY)
  private volatile List<AccessRule> rules;

  /** Knows no rule yet. */
  @Activate
  public Gate() {
    this(List.of());
  }

  Gate(List<AccessRule> rules) {
    this.rules = rules;
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    Peer peer = call.getAttributes().get(Peer.KEY);
    headers.discardAll(PEER);
    if (peer == null || !mayCall(peer, call.getMethodDescriptor().getFullMethodName(), headers)) {
      call.close(refusal(peer, call.getMethodDescriptor().getFullMethodName()), new Metadata());
      return new ServerCall.Listener<>() {};
    }
    ProcessId process = peer.process();
    if (process != null) {
      headers.put(PEER, process.pid() + ":" + process.startTime() + ":" + peer.connection());
    }
    return next.startCall(call, headers);
  }

  /** Whether a peer may call a method, with the namespaces that the headers name. */
  boolean mayCall(Peer peer, String method, Metadata headers) {
    List<AccessRule.Terms> own =
        rules.stream().map(AccessRule::terms).filter(terms -> terms.isFor(peer)).toList();
    if (own.isEmpty()) {
      return peer.uid() >= 0;
    }
    List<String> namespaces = new ArrayList<>();
    Iterable<String> named = headers.getAll(NAMESPACE);
    if (named != null) {
      named.forEach(namespaces::add);
    }
    return own.stream().anyMatch(terms -> terms.allows(method, namespaces));
  }

  private static Status refusal(@Nullable Peer peer, String method) {
    String who = peer == null ? "a client without a name" : peer.name();
    LOG.log(Level.WARNING, "call refused peer={0} method={1}", new Object[] {who, method});
    return Status.PERMISSION_DENIED.withDescription(
        "%s may not call %s: no rule allows it; the engine's administrator grants it in etc/%s-NAME.cfg"
            .formatted(who, method, AccessRule.PID));
  }
}

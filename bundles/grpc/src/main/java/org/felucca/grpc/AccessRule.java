package org.felucca.grpc;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** What one client may do, by one file {@code etc/org.felucca.grpc.rule-NAME.cfg}. */
@Component(
    service = AccessRule.class,
    configurationPid = AccessRule.PID,
    configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = AccessRule.Config.class, factory = true)
public final class AccessRule {
  static final String PID = "org.felucca.grpc.rule";

  /** Services whose answers are not bound to the namespace of a call. */
  private static final Set<String> ACROSS_NAMESPACES =
      Set.of(
          "containerd.services.events.v1.Events", "containerd.services.namespaces.v1.Namespaces");

  /** The keys of the file. */
  @ObjectClassDefinition(name = "Rule of gRPC")
  @interface Config {
    @AttributeDefinition(description = "the subject of the client's certificate, such as CN=ci")
    String subject() default "";

    @AttributeDefinition(description = "the user of a client on the unix socket")
    long uid() default -1;

    @AttributeDefinition(description = "namespaces, separated by commas; * for all")
    String namespaces() default "";

    @AttributeDefinition(
        description =
            "methods, separated by commas: package.Service/Method, with * for any characters")
    String methods() default "*";
  }

  private final @Nullable X500Principal subject;
  private final long uid;
  private final List<String> namespaces;
  private final List<Pattern> methods;

  /**
   * Reads a rule.
   *
   * @throws IllegalArgumentException if it says nothing that can be followed; it then allows
   *     nothing
   */
  @Activate
  public AccessRule(Config config) {
    boolean named = !config.subject().isBlank();
    if (named == config.uid() >= 0) {
      throw new IllegalArgumentException(
          "a rule of gRPC needs a subject or a uid, and not both: subject='%s' uid=%d"
              .formatted(config.subject(), config.uid()));
    }
    this.subject = named ? new X500Principal(config.subject().strip()) : null;
    this.uid = config.uid();
    this.namespaces = words(config.namespaces());
    this.methods = words(config.methods()).stream().map(AccessRule::pattern).toList();
    if (namespaces.isEmpty()) {
      throw new IllegalArgumentException(
          "the rule of gRPC for %s names no namespaces; give their names, or *"
              .formatted(named ? config.subject() : "uid " + uid));
    }
  }

  private static List<String> words(String list) {
    return Arrays.stream(list.split(",", -1)).map(String::strip).filter(w -> !w.isEmpty()).toList();
  }

  private static Pattern pattern(String glob) {
    return Pattern.compile(
        Arrays.stream(glob.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
  }

  boolean isFor(Peer peer) {
    return subject != null ? subject.equals(peer.subject()) : uid == peer.uid();
  }

  /**
   * Whether it allows a call.
   *
   * @param method as in {@code package.Service/Method}
   * @param named the namespaces that the call's headers name
   */
  boolean allows(String method, List<String> named) {
    if (methods.stream().noneMatch(pattern -> pattern.matcher(method).matches())) {
      return false;
    }
    if (namespaces.contains("*")) {
      return true;
    }
    String service = method.substring(0, Math.max(0, method.indexOf('/')));
    return !ACROSS_NAMESPACES.contains(service) && namespaces.containsAll(named);
  }
}

package org.felucca.grpc;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.security.auth.x500.X500Principal;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Modified;
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

  private static final Logger LOG = Logger.getLogger(AccessRule.class.getName());

  private static final Pattern UID = Pattern.compile("[0-9]{1,10}");

  /** Services whose answers are not bound to the namespace of a call. */
  private static final Set<String> ACROSS_NAMESPACES =
      Set.of(
          "containerd.services.events.v1.Events", "containerd.services.namespaces.v1.Namespaces");

  /** The keys of the file. */
  @ObjectClassDefinition(name = "Rule of gRPC")
  @interface Config {
    @AttributeDefinition(description = "the subject of the client's certificate, such as CN=ci")
    String subject() default "";

    @AttributeDefinition(description = "the user of a client on the unix socket, by number")
    String uid() default "";

    @AttributeDefinition(description = "namespaces, separated by commas; * for all")
    String namespaces() default "";

    @AttributeDefinition(
        description =
            "methods, separated by commas: package.Service/Method, with * for any characters")
    String methods() default "*";
  }

  /** What it says now. */
  private volatile Terms terms;

  /** Reads a rule; one that can't be followed allows nothing. */
  @Activate
  public AccessRule(Config config) {
    this.terms = read(config);
  }

  /** Reads it again. The service stays meanwhile: nobody is without a rule for a moment. */
  @Modified
  public void change(Config config) {
    terms = read(config);
  }

  /** What it says now; one decision takes all that it asks from the same terms. */
  Terms terms() {
    return terms;
  }

  /** Reads it, and says in the log what can't be followed. */
  private static Terms read(Config config) {
    String subject = config.subject().strip();
    String uid = config.uid().strip();
    Predicate<Peer> who;
    try {
      who = who(subject, uid);
    } catch (IllegalArgumentException e) {
      LOG.log(
          Level.SEVERE,
          "rule of grpc is for nobody known, so users other than root may do nothing unless another"
              + " rule allows it subject='%s' uid='%s'".formatted(subject, uid),
          e);
      return Terms.nothing(peer -> peer.uid() > 0);
    }
    List<String> namespaces = words(config.namespaces());
    if (namespaces.isEmpty()) {
      LOG.log(
          Level.SEVERE,
          "rule of grpc names no namespaces and allows nothing; give their names, or *"
              + " subject=''{0}'' uid=''{1}''",
          new Object[] {subject, uid});
      return Terms.nothing(who);
    }
    return new Terms(
        who, namespaces, words(config.methods()).stream().map(AccessRule::pattern).toList());
  }

  /** Whom it is for; throws IllegalArgumentException if it doesn't say. */
  private static Predicate<Peer> who(String subject, String uid) {
    if (subject.isEmpty() == uid.isEmpty()) {
      throw new IllegalArgumentException("a rule of gRPC needs a subject or a uid, and not both");
    }
    if (uid.isEmpty()) {
      X500Principal principal = new X500Principal(subject);
      return peer -> principal.equals(peer.subject());
    }
    if (!UID.matcher(uid).matches()) {
      throw new IllegalArgumentException("uid is '" + uid + "'; give a user's number");
    }
    long number = Long.parseLong(uid);
    return peer -> number == peer.uid();
  }

  private static List<String> words(String list) {
    return Arrays.stream(list.split(",", -1)).map(String::strip).filter(w -> !w.isEmpty()).toList();
  }

  private static Pattern pattern(String glob) {
    return Pattern.compile(
        Arrays.stream(glob.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
  }

  /**
   * What a rule says.
   *
   * @param who whom it is for
   * @param namespaces in which it allows calls
   * @param methods that it allows
   */
  record Terms(Predicate<Peer> who, List<String> namespaces, List<Pattern> methods) {
    static Terms nothing(Predicate<Peer> who) {
      return new Terms(who, List.of(), List.of());
    }

    boolean isFor(Peer peer) {
      return who.test(peer);
    }

    /**
     * Whether a call is allowed.
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
}

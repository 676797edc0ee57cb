package org.felucca.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.content.Descriptor;
import org.felucca.api.image.ImageReference;
import org.felucca.api.image.ImageVerifier;
import org.felucca.api.registry.RegistryAccess;
import org.felucca.swap.Swap;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;

/**
 * Asks the image verifiers; what they do not accept is refused, and so is what they can't judge.
 */
final class Verifiers implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Verifiers.class.getName());
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Swap<ImageVerifier> verifiers;
  private final List<String> required;

  /**
   * @param required the names of those that must be there
   */
  Verifiers(BundleContext context, String[] required) {
    this.verifiers = new Swap<>(context, ImageVerifier.class, Unavailable.INSTANCE);
    this.required =
        Arrays.stream(String.join(",", required).split(",", -1))
            .map(String::strip)
            .filter(name -> !name.isEmpty())
            .toList();
  }

  /** Asks all; throws PERMISSION_DENIED if one refuses or can't be asked. */
  void check(ImageReference name, Descriptor target, RegistryAccess access) {
    List<String> names = new ArrayList<>(required);
    for (ServiceReference<ImageVerifier> reference : verifiers.references()) {
      String other = nameOf(reference);
      if (!names.contains(other)) {
        names.add(other);
      }
    }
    for (String verifier : names) {
      ImageVerifier.Judgement judgement;
      try {
        judgement =
            verifiers.use(
                reference -> nameOf(reference).equals(verifier),
                PATIENCE,
                each -> each.verify(name, target, access));
      } catch (EngineException e) {
        if (e.kind() == ErrorKind.CANCELLED) {
          throw e;
        }
        throw refused(name, verifier, "it can't judge: " + e.getMessage(), e);
      } catch (RuntimeException e) {
        throw refused(name, verifier, "it failed: " + e, e);
      }
      if (!judgement.accepted()) {
        throw refused(name, verifier, judgement.reason(), null);
      }
      LOG.log(
          Level.INFO,
          "image accepted name={0} digest={1} verifier={2} reason={3}",
          new Object[] {name, target.digest(), verifier, judgement.reason()});
    }
  }

  private static EngineException refused(
      ImageReference name,
      String verifier,
      String why,
      @org.jspecify.annotations.Nullable Throwable cause) {
    return new EngineException(
        ErrorKind.PERMISSION_DENIED,
        "verifier %s does not accept %s: %s".formatted(verifier, name, why),
        cause);
  }

  private static String nameOf(ServiceReference<ImageVerifier> reference) {
    return reference.getProperty(ImageVerifier.NAME) instanceof String name ? name : "";
  }

  @Override
  public void close() {
    verifiers.close();
  }
}

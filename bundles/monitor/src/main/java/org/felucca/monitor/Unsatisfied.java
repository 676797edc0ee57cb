package org.felucca.monitor;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;
import org.osgi.service.component.runtime.dto.ReferenceDTO;
import org.osgi.service.component.runtime.dto.UnsatisfiedReferenceDTO;

/**
 * Why components are not active: which reference, configuration or activation each of them lacks. A
 * service that another waiting component would provide is marked, so that the first cause stands
 * out.
 */
final class Unsatisfied {
  private Unsatisfied() {}

  /**
   * One line for each thing that is missing, the first causes before what only follows from them.
   */
  static List<String> of(ServiceComponentRuntime runtime) {
    List<String> causes = new ArrayList<>();
    List<String> consequences = new ArrayList<>();
    Set<String> waitingFor = provided(runtime);
    for (ComponentDescriptionDTO component : runtime.getComponentDescriptionDTOs()) {
      var configurations = runtime.getComponentConfigurationDTOs(component);
      if (configurations.isEmpty() && "require".equals(component.configurationPolicy)) {
        causes.add(
            "component="
                + component.name
                + " lacks configuration pid="
                + String.join(",", component.configurationPid));
      }
      for (ComponentConfigurationDTO configuration : configurations) {
        if (configuration.state == ComponentConfigurationDTO.FAILED_ACTIVATION) {
          causes.add(
              "component=" + component.name + " failed: " + firstLine(configuration.failure));
        } else if (configuration.state == ComponentConfigurationDTO.UNSATISFIED_CONFIGURATION) {
          causes.add(
              "component="
                  + component.name
                  + " lacks configuration pid="
                  + String.join(",", component.configurationPid));
        }
        for (UnsatisfiedReferenceDTO reference : configuration.unsatisfiedReferences) {
          String service = service(component, reference.name);
          String line =
              "component="
                  + component.name
                  + " lacks service="
                  + service
                  + (reference.target == null ? "" : " target=" + reference.target);
          if (waitingFor.contains(service)) {
            consequences.add(line + " (its provider waits, too)");
          } else {
            causes.add(line);
          }
        }
      }
    }
    causes.addAll(consequences);
    return causes;
  }

  /** The services of all components that are known but not active. */
  private static Set<String> provided(ServiceComponentRuntime runtime) {
    Set<String> provided = new HashSet<>();
    for (ComponentDescriptionDTO component : runtime.getComponentDescriptionDTOs()) {
      provided.addAll(List.of(component.serviceInterfaces));
    }
    return provided;
  }

  private static String service(ComponentDescriptionDTO component, String reference) {
    for (ReferenceDTO described : component.references) {
      if (described.name.equals(reference)) {
        return described.interfaceName;
      }
    }
    return reference;
  }

  private static String firstLine(String text) {
    return text == null ? "" : text.lines().findFirst().orElse("");
  }
}

package org.felucca.monitor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Bundle;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;
import org.osgi.service.component.runtime.dto.ReferenceDTO;
import org.osgi.service.component.runtime.dto.UnsatisfiedReferenceDTO;
import org.osgi.util.promise.Promise;

class UnsatisfiedTest {
  private final TestingRuntime runtime = new TestingRuntime();

  @Test
  void of_activeComponents_isEmpty() {
    runtime.configuration(runtime.component("a", "A"), ComponentConfigurationDTO.ACTIVE);
    assertEquals(List.of(), Unsatisfied.of(runtime));
  }

  @Test
  void of_chain_namesTheFirstCauseFirst() {
    ComponentDescriptionDTO engine = runtime.component("engine", "Engine");
    ComponentDescriptionDTO store = runtime.component("store", "Store");
    runtime.lacks(engine, "store", "Store", null);
    runtime.lacks(store, "disk", "Disk", "(name=x)");
    assertEquals(
        List.of(
            "component=store lacks service=Disk target=(name=x)",
            "component=engine lacks service=Store (its provider waits, too)"),
        Unsatisfied.of(runtime));
  }

  @Test
  void of_failedActivation_givesTheFirstLineOfTheReason() {
    runtime.configuration(runtime.component("a", "A"), ComponentConfigurationDTO.FAILED_ACTIVATION)
            .failure =
        "java.io.IOException: no disk\n\tat x";
    assertEquals(
        List.of("component=a failed: java.io.IOException: no disk"), Unsatisfied.of(runtime));
  }

  @Test
  void of_requiredConfigurationMissing_namesThePid() {
    runtime.component("a", "A").configurationPolicy = "require";
    assertEquals(List.of("component=a lacks configuration pid=pid.a"), Unsatisfied.of(runtime));
  }

  /** What declarative services would know. */
  private static final class TestingRuntime implements ServiceComponentRuntime {
    private final Map<ComponentDescriptionDTO, List<ComponentConfigurationDTO>> components =
        new HashMap<>();
    private final List<ComponentDescriptionDTO> order = new ArrayList<>();

    ComponentDescriptionDTO component(String name, String service) {
      ComponentDescriptionDTO component = new ComponentDescriptionDTO();
      component.name = name;
      component.serviceInterfaces = new String[] {service};
      component.configurationPolicy = "optional";
      component.configurationPid = new String[] {"pid." + name};
      component.references = new ReferenceDTO[0];
      components.put(component, new ArrayList<>());
      order.add(component);
      return component;
    }

    ComponentConfigurationDTO configuration(ComponentDescriptionDTO component, int state) {
      ComponentConfigurationDTO configuration = new ComponentConfigurationDTO();
      configuration.state = state;
      configuration.unsatisfiedReferences = new UnsatisfiedReferenceDTO[0];
      components.get(component).add(configuration);
      return configuration;
    }

    void lacks(ComponentDescriptionDTO component, String name, String service, String target) {
      ReferenceDTO reference = new ReferenceDTO();
      reference.name = name;
      reference.interfaceName = service;
      component.references = new ReferenceDTO[] {reference};
      UnsatisfiedReferenceDTO missing = new UnsatisfiedReferenceDTO();
      missing.name = name;
      missing.target = target;
      configuration(component, ComponentConfigurationDTO.UNSATISFIED_REFERENCE)
              .unsatisfiedReferences =
          new UnsatisfiedReferenceDTO[] {missing};
    }

    @Override
    public Collection<ComponentDescriptionDTO> getComponentDescriptionDTOs(Bundle... bundles) {
      return order;
    }

    @Override
    public Collection<ComponentConfigurationDTO> getComponentConfigurationDTOs(
        ComponentDescriptionDTO description) {
      return components.get(description);
    }

    @Override
    public ComponentDescriptionDTO getComponentDescriptionDTO(Bundle bundle, String name) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean isComponentEnabled(ComponentDescriptionDTO description) {
      return true;
    }

    @Override
    public Promise<Void> enableComponent(ComponentDescriptionDTO description) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Promise<Void> disableComponent(ComponentDescriptionDTO description) {
      throw new UnsupportedOperationException();
    }
  }
}

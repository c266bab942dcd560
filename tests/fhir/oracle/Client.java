import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.api.SearchStyleEnum;
import ca.uhn.fhir.rest.api.SummaryEnum;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.server.exceptions.BaseServerResponseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.hl7.fhir.instance.model.api.IBaseOperationOutcome;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.CapabilityStatement;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.OperationOutcome;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.ServiceRequest;

/**
 * HAPI's own generic client against a FHIR server: BASE MRN ORDER (the JSON text of a ServiceRequest).
 *
 * Prints one JSON object of what the client understood.
 */
public class Client {
    private static final FhirContext R4 = FhirContext.forR4();
    private static final Map<String, Object> OUT = new LinkedHashMap<>();

    public static void main(String[] arguments) throws Exception {
        IGenericClient client = R4.newRestfulGenericClient(arguments[0]);
        String mrn = arguments[1];
        String order = arguments[2];
        search(client, mrn);
        String id = write(client, order);
        conditions(client);
        bundles(client, order);
        refusals(client, order, id);
        System.out.println(new com.fasterxml.jackson.databind.ObjectMapper().writeValueAsString(OUT));
    }

    private static void search(IGenericClient client, String mrn) {
        OUT.put("version", client.capabilities().ofType(CapabilityStatement.class).execute().getFhirVersion().toCode());
        Patient patient = client.read().resource(Patient.class).withId(mrn).execute();
        OUT.put("patient", patient.getIdElement().getIdPart());
        OUT.put("family", patient.getNameFirstRep().getFamily());
        Bundle page = client.search().forResource(Observation.class)
            .where(Observation.PATIENT.hasChainedProperty(Patient.IDENTIFIER.exactly().code(mrn)))
            .and(Observation.CODE.exactly().systemAndCode("http://loinc.org", "K"))
            .and(Observation.DATE.afterOrEquals().day("2000-01-01"))
            .sort().descending(Observation.DATE).count(3).returnBundle(Bundle.class).execute();
        OUT.put("total", page.getTotal());
        List<String> ids = new ArrayList<>();
        List<String> dates = new ArrayList<>();
        int pages = 1;
        while (true) {
            for (Bundle.BundleEntryComponent entry : page.getEntry()) {
                Observation found = (Observation) entry.getResource();
                ids.add(found.getIdElement().getIdPart());
                dates.add(found.getEffectiveDateTimeType().getValueAsString());
            }
            if (page.getLink(Bundle.LINK_NEXT) == null) {
                break;
            }
            page = client.loadPage().next(page).execute();
            pages++;
        }
        OUT.put("ids", ids);
        OUT.put("dates", dates);
        OUT.put("pages", pages);
        Bundle around = client.search().forResource(Observation.class).where(Observation.PATIENT.hasId(mrn))
            .include(Observation.INCLUDE_PATIENT).count(2).returnBundle(Bundle.class).execute();
        TreeSet<String> kinds = new TreeSet<>();
        around.getEntry().forEach(entry -> kinds.add(entry.getResource().fhirType()));
        OUT.put("included", kinds);
        OUT.put("counted", client.search().forResource(Observation.class).where(Observation.PATIENT.hasId(mrn))
            .and(Observation.CODE.exactly().code("K")).summaryMode(SummaryEnum.COUNT).returnBundle(Bundle.class)
            .execute().getTotal());
        OUT.put("posted", client.search().forResource(Observation.class).where(Observation.PATIENT.hasId(mrn))
            .and(Observation.CODE.exactly().code("K")).usingStyle(SearchStyleEnum.POST).returnBundle(Bundle.class)
            .execute().getTotal());
        OUT.put("having", client.search().forResource(Patient.class)
            .where(Patient.RES_ID.exactly().code(mrn)).and(new ca.uhn.fhir.rest.gclient.StringClientParam(
                "_has:Observation:patient:code").matches().value("K")).returnBundle(Bundle.class).execute().getTotal());
    }

    private static String write(IGenericClient client, String order) {
        MethodOutcome made = client.create().resource(R4.newJsonParser().parseResource(ServiceRequest.class, order))
            .execute();
        String id = made.getId().getIdPart();
        OUT.put("created", made.getCreated());
        OUT.put("createdVersion", made.getId().getVersionIdPart());
        ServiceRequest stored = client.read().resource(ServiceRequest.class).withId(id).execute();
        OUT.put("priority", stored.getPriority().toCode());
        stored.setStatus(ServiceRequest.ServiceRequestStatus.COMPLETED);
        OUT.put("updatedVersion", client.update().resource(stored).execute().getId().getVersionIdPart());
        OUT.put("first", client.read().resource(ServiceRequest.class).withIdAndVersion(id, "1").execute()
            .getStatus().toCode());
        OUT.put("patchedVersion", client.patch()
            .withBody("[{\"op\": \"replace\", \"path\": \"/priority\", \"value\": \"asap\"}]")
            .withId("ServiceRequest/" + id).execute().getId().getVersionIdPart());
        OUT.put("patched", client.read().resource(ServiceRequest.class).withId(id).execute().getPriority().toCode());
        client.delete().resourceById("ServiceRequest", id).execute();
        Bundle history = client.history().onInstance("ServiceRequest/" + id).returnBundle(Bundle.class).execute();
        List<String> methods = new ArrayList<>();
        history.getEntry().forEach(entry -> methods.add(entry.getRequest().getMethod().toCode()));
        OUT.put("history", methods);
        return id;
    }

    private static void conditions(IGenericClient client) {
        Patient wanted = new Patient();
        wanted.addIdentifier().setSystem("urn:test").setValue("once");
        wanted.addName().setFamily("First");
        String match = "Patient?identifier=urn:test|once";
        MethodOutcome first = client.create().resource(wanted).conditionalByUrl(match).execute();
        MethodOutcome second = client.create().resource(wanted).conditional()
            .where(Patient.IDENTIFIER.exactly().systemAndCode("urn:test", "once")).execute();
        OUT.put("once", first.getId().getIdPart().equals(second.getId().getIdPart()));
        wanted.setId((String) null);
        wanted.getNameFirstRep().setFamily("Second");
        OUT.put("conditionalVersion", client.update().resource(wanted).conditionalByUrl(match).execute().getId()
            .getVersionIdPart());
        OUT.put("several", refusal(() -> client.delete().resourceConditionalByUrl("Patient?_id:missing=false")
            .execute()));
        client.delete().resourceConditionalByUrl(match).execute();
        OUT.put("left", client.search().byUrl(match).returnBundle(Bundle.class).execute().getTotal());
    }

    private static void bundles(IGenericClient client, String order) {
        Bundle bundle = new Bundle().setType(Bundle.BundleType.TRANSACTION);
        for (int i = 0; i < 2; i++) {
            bundle.addEntry().setResource(R4.newJsonParser().parseResource(ServiceRequest.class, order)).getRequest()
                .setMethod(Bundle.HTTPVerb.POST).setUrl("ServiceRequest");
        }
        Bundle answer = client.transaction().withBundle(bundle).execute();
        List<String> statuses = new ArrayList<>();
        answer.getEntry().forEach(entry -> statuses.add(entry.getResponse().getStatus()));
        OUT.put("transaction", statuses);
    }

    private static void refusals(IGenericClient client, String order, String deleted) {
        OUT.put("unknown", refusal(() -> client.read().resource(Patient.class).withId("S0000000").execute()));
        OUT.put("gone", refusal(() -> client.read().resource(ServiceRequest.class).withId(deleted).execute()));
        OUT.put("bogus", refusal(() -> client.search().byUrl("Observation?bogus=1").returnBundle(Bundle.class)
            .execute()));
        OUT.put("badDate", refusal(() -> client.search().byUrl("Observation?date=yesterday")
            .returnBundle(Bundle.class).execute()));
        OUT.put("dangling", refusal(() -> {
            ServiceRequest lost = R4.newJsonParser().parseResource(ServiceRequest.class, order);
            lost.getSubject().setReference("Patient/S0000000");
            return client.create().resource(lost).execute();
        }));
        ServiceRequest stale = R4.newJsonParser().parseResource(ServiceRequest.class, order);
        String id = client.create().resource(stale).execute().getId().getIdPart();
        stale.setId("ServiceRequest/" + id + "/_history/7");
        OUT.put("conflict", refusal(() -> client.update().resource(stale).withAdditionalHeader("If-Match", "W/\"7\"")
            .execute()));
    }

    /** Which exception the client made of an answer, with its status and the outcome's words. */
    private static Map<String, Object> refusal(Supplier<Object> act) {
        Map<String, Object> told = new LinkedHashMap<>();
        try {
            act.get();
            told.put("class", "none");
        } catch (BaseServerResponseException error) {
            IBaseOperationOutcome outcome = error.getOperationOutcome();
            told.put("class", error.getClass().getSimpleName());
            told.put("status", error.getStatusCode());
            told.put("words", outcome == null ? null : ((OperationOutcome) outcome).getIssueFirstRep()
                .getDiagnostics());
            told.put("message", error.getMessage());
        }
        return told;
    }
}

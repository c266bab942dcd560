"""What request bodies are made of: whole ones as agents send them, and values, dates and names good and bad."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

BODIES: tuple[Json, ...] = (
    {
        "resourceType": "Observation",
        "category": [{"coding": [{"system": "http://hl7.org/fhir/observation-category", "code": "vital-signs",
        "display": "Vital Signs"}]}],
        "code": {"text": "BP"},
        "effectiveDateTime": "2023-11-13T10:15:00+00:00",
        "status": "final",
        "valueString": "118/77 mmHg",
        "subject": {"reference": "Patient/S2380121"},
    },
    {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "MG", "display": "Magnesium"}], "text": "Magnesium"},
        "subject": {"reference": "Patient/S6550627", "display": "Somebody"},
        "effectiveDateTime": "2023-11-12T19:41:00+00:00",
        "issued": "2023-11-12T20:41:00.123Z",
        "valueQuantity": {"value": 1.90, "unit": "mg/dL", "system": "http://unitsofmeasure.org", "code": "mg/dL"},
        "referenceRange": [{"low": {"value": 1.7}, "high": {"value": 2.2}, "text": "1.7-2.2"}],
        "interpretation": [{"text": "normal"}],
    },
    {
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": {
            "coding": [{"system": "http://hl7.org/fhir/sid/ndc", "code": "0338-1715-40",
            "display": "Magnesium Sulfate"}],
            "text": "Magnesium Sulfate 2 g IV",
        },
        "authoredOn": "2023-11-13T10:15:00+00:00",
        "dosageInstruction": [
            {
                "route": {"text": "IV"},
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}, "code": {"text": "once"}},
                "doseAndRate": [{"doseQuantity": {"value": 2, "unit": "g"}, "rateQuantity": {"value": 1.5,
                "unit": "g/h"}}],
            }
        ],
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/S2380121"},
    },
    {
        "resourceType": "ServiceRequest",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3", "display": "Potassium"}]},
        "authoredOn": "2023-11-13T10:15:00+00:00",
        "status": "active",
        "intent": "order",
        "priority": "stat",
        "subject": {"reference": "Patient/S2380121"},
        "note": {"text": "Situation: acute left knee injury"},
        "occurrenceDateTime": "2023-11-14T08:00:00+00:00",
    },
    {
        "resourceType": "Procedure",
        "status": "completed",
        "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "NUR1373"}], "text": "Foley"},
        "subject": {"reference": "Patient/S6415739"},
        "performedPeriod": {"start": "2023-01-02", "end": "2023-01-03T04:05:06-08:00"},
        "performer": [{"actor": {"display": "Dr X"}}],
    },
    {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
        "code": "active"}]},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E11.9"}]},
        "subject": {"reference": "Patient/S0658561"},
        "onsetDateTime": "2021-05",
        "recordedDate": "2021-05-06",
        "stage": [{"summary": {"text": "II"}}],
    },
    {
        "resourceType": "Patient",
        "identifier": [{"use": "usual", "type": {"coding": [{"code": "MR"}]}, "value": "S2380121"}],
        "name": [{"use": "official", "family": "Stafford", "given": ["Peter", "J"]}],
        "gender": "male",
        "birthDate": "1932-12-29",
        "active": True,
        "deceasedBoolean": False,
        "multipleBirthInteger": 2,
        "telecom": [{"system": "phone", "value": "555", "rank": 1}],
        "photo": [{"contentType": "image/png", "data": "aGVsbG8="}],
    },
)  # fmt: skip

DATES = (
    "2023", "2023-1", "2023-01", "2023-13", "2023-01-5", "2023-01-05", "2023-02-29", "2024-02-29", "2023-01-05T10",
    "2023-01-05T10:00",
    "2023-01-05T10:00Z", "2023-01-05T10:00:00", "2023-01-05T10:00:00Z", "2023-01-05T10:00:00.1Z",
    "2023-01-05T10:00:00.123456789+05:30",
    "2023-01-05T10:00:00.Z", "2023-01-05T24:00:00Z", "2023-01-05T10:60:00Z", "2023-01-05T10:00:60Z",
    "2023-01-05 10:00:00", "01/05/2023",
    "January 5, 2023", "2023-01-05T10:00:00+0000", "2023-01-05T10:00:00+00", "2023-01-05T10:00:00+24:00", "now",
    "20230105", " 2023-01-05 ",
    "2023/01/05", "2023-01-05T10:00:00-08:00", "2023-01-05T10:00:00 -08:00", "23-01-05", "+202-01-05",
    "2023-01-05t10:00:00z", "1500-02-29",
    "0000", "2023-01-05T10:00:00Z+01:00", "2023-01-05T", "2023-01-05T1:00:00Z", "2023-01-05T10:00:00.12+01:00",
    "9999-12-31", "2023-00-10",
)  # fmt: skip
JUNK: tuple[Any, ...] = (
    None, True, False, 0, 5, -1, 1.5, 1.10, 1e2, 2e-3, 12345678901234567890, 123456789012345678901234567890, "", " ",
    "abc", "5", "5.0", "05", "1,5",
    "true", "TRUE", " true ", "+5", ".5", "5.", "1e3", "007", [], {}, [[]], [None], [{}], [1], ["x"], [["x"]], [None,
    "x"], {"a": 1}, {"value": 5},
    {"text": "x"}, {"id": "e1"}, {"extension": [{"url": "http://x", "valueString": "y"}]}, [{"text": "x"},
    {"text": "y"}], "Patient/S1", "é ü 漢字",
    {"coding": [{"code": "x"}]}, {"coding": {"code": "x"}}, {"coding": []}, {"reference": "Patient/S1"},
    {"value": "5", "unit": "mg"}, "2023-01-05",
    "line\nbreak", "tab\tquote\"'<&>", "2147483647", "2147483648", 2147483648, 5.0, "NaN", "Infinity", "1_000",
)  # fmt: skip
REFERENCES = (
    "Patient/S1", "S1", "Patient/S1/_history/2", "http://x.org/fhir/Patient/S1",
    "http://x.org/fhir/Patient/S1/_history/3", "urn:uuid:0c3151bd-1cbf-4d64",
    "#p1", "#", "", "Patient/", "/Patient/S1", "a/b/c/d", "http://x.org", "Patient/S1#x", "http://x/y", "patient/S1",
    "Patient?identifier=S1", "http://x/y/z/w/",
)  # fmt: skip
EXTENSIONS: tuple[Any, ...] = (
    [{"url": "http://x", "valueString": "y"}],
    [{"url": "http://x"}],
    [{"url": "http://x", "valueCode": "y", "id": "e1"}],
    [{"url": "http://x", "extension": [{"url": "a", "valueInteger": 3}, {"url": "b", "valueDecimal": "1.5"}]}],
    [{"url": "http://x", "valueString": "y", "extension": [{"url": "a", "valueBoolean": True}]}],
    [{"valueString": "y"}],
    [{"url": "http://x", "valueQuantity": {"value": 1, "unit": "mg"}}, {"url": "http://y", "valueDateTime": "2023-01"}],
    [{"url": "http://x", "valueReference": {"reference": "Patient/S1/_history/2"}}],
    [{"url": "http://x", "valueBogus": "y"}],
    [{"url": "http://x", "_valueString": {"extension": [{"url": "z", "valueString": "q"}]}}],
    [{"url": 5, "valueString": 1.10}],
    [{"url": "http://x", "valueCodeableConcept": "scalar"}],
    [{"url": "http://x", "valueString": ""}],
    [{"url": "http://x", "valueDate": "yesterday"}],
    [{}],
    [],
    {},
    {"url": "http://x", "valueString": "y"},
    None,
    "x",
    ["x"],
    [None],
)
UNKNOWN_NAMES = (
    "value",
    "effective",
    "authoredon",
    "medication",
    "foo",
    "patient",
    "dose",
    "Status",
    "comment",
    "explanation",
    "resourceType",
    "fhir_comments",
    "id",
)

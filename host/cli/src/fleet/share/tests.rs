use std::collections::HashMap;

use super::*;

fn of(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).expect("it is not zero")
}

/// Returns the task and the number of tasks from the options and the variables.
fn share(
    task: Option<usize>,
    number: Option<usize>,
    variables: &[(&str, &str)],
) -> Result<(usize, usize), ShareError> {
    let variables: HashMap<_, _> = variables.iter().copied().collect();
    let variable = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    let Share { task, of } = Share::new(task, number.map(of), variable)?;
    Ok((task, of.get()))
}

fn slurm<'a>(id: &'a str, count: &'a str, min: &'a str, max: &'a str) -> [(&'a str, &'a str); 4] {
    let [a, b, c, d] = SLURM;
    [(a, id), (b, count), (c, min), (d, max)]
}

fn grid_engine<'a>(
    id: &'a str,
    first: &'a str,
    last: &'a str,
    step: &'a str,
) -> [(&'a str, &'a str); 4] {
    let [a, b, c, d] = GRID_ENGINE;
    [(a, id), (b, first), (c, last), (d, step)]
}

#[test]
fn each_unit_is_in_the_share_of_one_task() {
    for count in [0, 1, 2, 7, 20] {
        for number in [1, 2, 3, 7, 30] {
            let shares = (0..number).map(|task| Share::of(task, of(number)).expect("in range"));
            let mut units: Vec<_> = shares.flat_map(|share| share.units(count)).collect();
            units.sort_unstable();
            assert_eq!(units, (0..count).collect::<Vec<_>>());
        }
    }
    let third = Share::of(2, of(4)).expect("in range");
    assert_eq!(third.units(12).collect::<Vec<_>>(), [2, 6, 10]);
}

#[test]
fn without_options_and_variables_all_units_are_taken() {
    assert_eq!(share(None, None, &[]), Ok((0, 1)));
}

#[test]
fn options_take_precedence_over_variables() {
    assert_eq!(
        share(Some(1), Some(3), &slurm("5", "9", "0", "8")),
        Ok((1, 3))
    );
}

#[test]
fn a_task_out_of_range_is_refused() {
    for (task, number) in [(1, 1), (3, 3), (usize::MAX, 2)] {
        let number = of(number);
        let refused = Err(ShareError::Range { task, of: number });
        assert_eq!(share(Some(task), Some(number.get()), &[]), refused);
    }
}

#[test]
fn a_number_of_tasks_without_a_task_is_refused() {
    assert_eq!(share(None, Some(3), &[]), Err(ShareError::NoTask));
}

#[test]
fn slurm_numbers_its_tasks_from_0() {
    assert_eq!(share(None, None, &slurm("0", "1", "0", "0")), Ok((0, 1)));
    assert_eq!(share(None, None, &slurm("4", "5", "0", "4")), Ok((4, 5)));
    assert_eq!(share(None, Some(5), &slurm("4", "5", "0", "4")), Ok((4, 5)));
}

#[test]
fn an_array_of_slurm_with_gaps_or_another_start_is_refused() {
    for (id, count, min, max) in [
        ("1", "3", "1", "3"),
        ("4", "3", "0", "4"),
        ("0", "0", "0", "0"),
    ] {
        let refused = share(None, None, &slurm(id, count, min, max));
        assert!(
            matches!(refused, Err(ShareError::Gaps { .. })),
            "{refused:?}"
        );
    }
    // A task that was requeued by hand with another array.
    let refused = share(None, None, &slurm("7", "3", "0", "2"));
    assert_eq!(refused, Err(ShareError::Range { task: 7, of: of(3) }));
}

#[test]
fn another_number_of_tasks_than_that_of_the_array_is_refused() {
    let refused = share(None, Some(4), &slurm("1", "3", "0", "2"));
    let (of, count) = (of(4), of(3));
    assert_eq!(refused, Err(ShareError::Contradiction { of, count }));
}

#[test]
fn an_incomplete_environment_of_slurm_is_refused() {
    let variables = [
        ("SLURM_ARRAY_TASK_ID", "1"),
        ("SLURM_ARRAY_TASK_COUNT", "2"),
    ];
    let missing = ShareError::Missing {
        name: "SLURM_ARRAY_TASK_MIN",
    };
    assert_eq!(share(None, None, &variables), Err(missing));
}

#[test]
fn an_indexed_job_of_kubernetes_needs_the_number_of_tasks() {
    let index = [("JOB_COMPLETION_INDEX", "3")];
    assert_eq!(share(None, Some(8), &index), Ok((3, 8)));
    assert_eq!(share(None, None, &index), Err(ShareError::NoNumberOfTasks));
    let refused = Err(ShareError::Range { task: 3, of: of(3) });
    assert_eq!(share(None, Some(3), &index), refused);
}

#[test]
fn grid_engine_numbers_its_tasks_from_the_first_one_with_a_step() {
    for (id, first, last, step, expected) in [
        ("1", "1", "10", "1", (0, 10)),
        ("10", "1", "10", "1", (9, 10)),
        ("7", "1", "10", "3", (2, 4)),
        ("4", "2", "5", "2", (1, 2)),
    ] {
        assert_eq!(
            share(None, None, &grid_engine(id, first, last, step)),
            Ok(expected)
        );
    }
}

#[test]
fn a_task_of_grid_engine_between_the_steps_is_refused() {
    for (id, first, last, step) in [
        ("2", "1", "10", "3"),
        ("0", "1", "3", "1"),
        ("1", "1", "3", "0"),
        ("2", "3", "1", "1"),
        ("4", "1", "3", "1"),
    ] {
        assert!(
            share(None, None, &grid_engine(id, first, last, step)).is_err(),
            "{id}"
        );
    }
}

#[test]
fn a_job_of_grid_engine_without_an_array_takes_all_units() {
    let variables = grid_engine("undefined", "undefined", "undefined", "undefined");
    assert_eq!(share(None, None, &variables), Ok((0, 1)));
}

#[test]
fn a_variable_that_is_no_number_is_refused() {
    for value in ["x", "-1", "+1", " 1", "1.0", "99999999999999999999999"] {
        let refused = share(None, Some(3), &[("JOB_COMPLETION_INDEX", value)]);
        let (name, value) = (KUBERNETES, value.to_owned());
        assert_eq!(refused, Err(ShareError::NoNumber { name, value }));
    }
}

#[test]
fn two_schedulers_at_once_are_refused() {
    let mut variables = slurm("0", "2", "0", "1").to_vec();
    variables.push(("JOB_COMPLETION_INDEX", "0"));
    let refused = share(None, Some(2), &variables);
    assert!(
        matches!(refused, Err(ShareError::TwoSchedulers(..))),
        "{refused:?}"
    );
}
